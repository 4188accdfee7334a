import { composerId } from '../composer/composer.tsx';
import { useTexts } from '../texts/use-texts.ts';

/** The element id of the main content. */
export const mainId = 'main';

/** A link for keyboard users that skips the chat list. */
export function SkipLink() {
  const { text } = useTexts();
  return (
    <a
      href={`#${mainId}`}
      className="print:hidden fixed start-3 top-3 z-50 -translate-y-20 rounded-xl bg-ink px-4 py-2.5 text-sm text-canvas focus:translate-y-0"
      onClick={(event) => {
        event.preventDefault();
        (document.getElementById(composerId) ?? document.getElementById(mainId))?.focus();
      }}
    >
      {text('page.skip-to-message')}
    </a>
  );
}
