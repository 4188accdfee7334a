import { Keyboard, Settings2 } from 'lucide-react';
import { useShortcutsDialog } from '../shortcuts/shortcuts-context.ts';
import { isLanguage, languages } from '../texts/languages.ts';
import { chooseLanguage } from '../texts/texts.ts';
import { useLanguageChoice, useTexts } from '../texts/use-texts.ts';
import { chooseTheme, type ThemeChoice } from '../theme/theme.ts';
import { useThemeChoice } from '../theme/use-theme.ts';
import { Button } from '../ui/button.tsx';
import {
  Menu,
  MenuChoice,
  MenuChoices,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuLine,
  MenuTrigger,
} from '../ui/menu.tsx';

const themes: readonly ThemeChoice[] = ['system', 'light', 'dark'];

/** A menu for the appearance, the language and the keyboard shortcuts. */
export function SettingsMenu() {
  const { text } = useTexts();
  const theme = useThemeChoice();
  const language = useLanguageChoice();
  const { open } = useShortcutsDialog();
  return (
    <Menu modal={false}>
      <MenuTrigger asChild>
        <Button className="w-full justify-start px-3">
          <Settings2 aria-hidden />
          {text('settings.title')}
        </Button>
      </MenuTrigger>
      <MenuContent align="start" side="top" className="w-60">
        <MenuLabel>{text('settings.appearance')}</MenuLabel>
        <MenuChoices value={theme}>
          {themes.map((value) => (
            <MenuChoice key={value} value={value} onSelect={() => chooseTheme(value)}>
              {text(`settings.${value}`)}
            </MenuChoice>
          ))}
        </MenuChoices>
        <MenuLine />
        <MenuLabel>{text('settings.language')}</MenuLabel>
        <MenuChoices value={language}>
          <MenuChoice value="browser" onSelect={() => void chooseLanguage('browser')}>
            {text('settings.browser-language')}
          </MenuChoice>
          {Object.entries(languages).map(([value, { name }]) => (
            <MenuChoice
              key={value}
              value={value}
              lang={value}
              onSelect={() => isLanguage(value) && void chooseLanguage(value)}
            >
              {name}
            </MenuChoice>
          ))}
        </MenuChoices>
        <MenuLine />
        <MenuItem icon={Keyboard} onSelect={open}>
          {text('shortcuts.title')}
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
