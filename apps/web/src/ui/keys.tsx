import { clsx } from 'clsx';
import type { Text } from '../texts/translation.ts';
import { useTexts } from '../texts/use-texts.ts';

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Shows a shortcut such as `Mod+Shift+O` with the key names of this machine. */
export function Keys({ keys, className }: { readonly keys: string; readonly className?: string }) {
  const { text } = useTexts();
  return (
    <span className="inline-flex gap-1">
      {keys.split('+').map((key) => (
        <kbd
          key={key}
          className={clsx(
            'min-w-5 rounded-md border px-1.5 text-center font-sans text-xs leading-5',
            className ?? 'border-line text-ink-soft',
          )}
        >
          {nameOf(key, text)}
        </kbd>
      ))}
    </span>
  );
}

function nameOf(key: string, text: Text): string {
  if (key === 'Mod') return isApple ? '⌘' : text('shortcuts.ctrl');
  if (key === 'Shift') return isApple ? '⇧' : text('shortcuts.shift');
  if (key === 'Enter') return text('shortcuts.enter');
  return key === 'Esc' ? text('shortcuts.escape') : key;
}
