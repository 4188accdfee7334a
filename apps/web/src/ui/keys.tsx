import { clsx } from 'clsx';

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Shows a shortcut such as `Mod+Shift+O` with the key names of this machine. */
export function Keys({ keys, className }: { readonly keys: string; readonly className?: string }) {
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
          {nameOf(key)}
        </kbd>
      ))}
    </span>
  );
}

function nameOf(key: string): string {
  if (key === 'Mod') return isApple ? '⌘' : 'Ctrl';
  if (key === 'Shift') return isApple ? '⇧' : 'Shift';
  return key;
}
