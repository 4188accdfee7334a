import { useState } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Keys } from '../ui/keys.tsx';
import { areSingleKeysOn, turnSingleKeys } from './single-keys.ts';

const shortcuts = [
  ['chats.new', 'Mod+Shift+O'],
  ['shortcuts.search', 'Mod+K'],
  ['shortcuts.write', '/'],
  ['shortcuts.send', 'Enter'],
  ['shortcuts.line-break', 'Shift+Enter'],
  ['shortcuts.stop', 'Esc'],
  ['shortcuts.print', 'Mod+P'],
  ['shortcuts.help', '?'],
] as const;

interface ShortcutsDialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** A dialog that lists the keyboard shortcuts. */
export function ShortcutsDialog(props: ShortcutsDialogProps) {
  const { text } = useTexts();
  return (
    <Dialog title={text('shortcuts.title')} isForReading {...props}>
      <dl className="mt-4 text-sm">
        {shortcuts.map(([does, keys]) => (
          <div key={does} className="flex items-center justify-between gap-4 border-b border-line py-2.5">
            <dt>{text(does)}</dt>
            <dd>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
      <SingleKeysSwitch />
    </Dialog>
  );
}

/** Single-key shortcuts interfere with speech input, so users can turn them off. */
function SingleKeysSwitch() {
  const { text } = useTexts();
  const [isOn, setIsOn] = useState(areSingleKeysOn);
  return (
    <label className="mt-3 flex min-h-11 items-center gap-3 text-sm">
      <input
        type="checkbox"
        checked={isOn}
        className="size-4.5 accent-accent"
        onChange={(event) => {
          setIsOn(event.target.checked);
          turnSingleKeys(event.target.checked);
        }}
      />
      {text('shortcuts.single-keys')}
    </label>
  );
}
