import { Keyboard, Settings2 } from 'lucide-react';
import { useShortcutsDialog } from '../shortcuts/shortcuts-context.ts';
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

const themes: readonly (readonly [choice: ThemeChoice, name: string])[] = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

/** A menu for the appearance and the keyboard shortcuts. */
export function SettingsMenu() {
  const choice = useThemeChoice();
  const { open } = useShortcutsDialog();
  return (
    <Menu modal={false}>
      <MenuTrigger asChild>
        <Button className="w-full justify-start px-3">
          <Settings2 aria-hidden />
          Settings
        </Button>
      </MenuTrigger>
      <MenuContent align="start" side="top" className="w-60">
        <MenuLabel>Appearance</MenuLabel>
        <MenuChoices value={choice}>
          {themes.map(([value, name]) => (
            <MenuChoice key={value} value={value} onSelect={() => chooseTheme(value)}>
              {name}
            </MenuChoice>
          ))}
        </MenuChoices>
        <MenuLine />
        <MenuItem icon={Keyboard} onSelect={open}>
          Keyboard shortcuts
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
