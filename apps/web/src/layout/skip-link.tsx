import { composerId } from '../composer/composer.tsx';

export const mainId = 'main';

/** The first stop of the Tab key: past the chat list, to where one writes. */
export function SkipLink() {
  return (
    <a
      href={`#${mainId}`}
      className="fixed start-3 top-3 z-50 -translate-y-20 rounded-xl bg-ink px-4 py-2.5 text-sm text-canvas focus:translate-y-0"
      onClick={(event) => {
        event.preventDefault();
        (document.getElementById(composerId) ?? document.getElementById(mainId))?.focus();
      }}
    >
      Skip to the message box
    </a>
  );
}
