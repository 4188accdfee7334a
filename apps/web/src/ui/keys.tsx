import { clsx } from 'clsx';

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A shortcut such as `Mod+Shift+O`, as this machine's keyboard names it. */
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
