import { useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { Keys } from '../ui/keys.tsx';
import { areSingleKeysOn, turnSingleKeys } from './single-keys.ts';

const shortcuts: readonly (readonly [does: string, keys: string])[] = [
  ['New chat', 'Mod+Shift+O'],
  ['Search chats', 'Mod+K'],
  ['Go to the message box', '/'],
  ['Send the message', 'Enter'],
  ['Add a line break', 'Shift+Enter'],
  ['Stop the answer', 'Esc'],
  ['Print the conversation', 'Mod+P'],
  ['Show this list', '?'],
];

interface ShortcutsDialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** A dialog that lists the keyboard shortcuts. */
export function ShortcutsDialog(props: ShortcutsDialogProps) {
  return (
    <Dialog title="Keyboard shortcuts" isForReading {...props}>
      <dl className="mt-4 text-sm">
        {shortcuts.map(([does, keys]) => (
          <div key={does} className="flex items-center justify-between gap-4 border-b border-line py-2.5">
            <dt>{does}</dt>
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
      Use single-key shortcuts (/ and ?)
    </label>
  );
}
