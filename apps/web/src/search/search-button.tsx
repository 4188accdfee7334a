import { Search } from 'lucide-react';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Keys } from '../ui/keys.tsx';
import { useSearchDialog } from './search-context.ts';

/** The element id of the search button. */
export const searchButtonId = 'search-button';

/** Opens the search. */
export function SearchButton() {
  const { text } = useTexts();
  const { open } = useSearchDialog();
  return (
    <Button
      id={searchButtonId}
      aria-label={text('search.open')}
      aria-keyshortcuts="Control+K Meta+K"
      aria-haspopup="dialog"
      className="group/search justify-start bg-hover px-3"
      onClick={open}
    >
      <Search aria-hidden />
      {text('search.title')}
      <span className="ms-auto opacity-0 transition-opacity group-hover/search:opacity-100 group-focus-visible/search:opacity-100 max-md:hidden">
        <Keys keys="Mod+K" />
      </span>
    </Button>
  );
}
