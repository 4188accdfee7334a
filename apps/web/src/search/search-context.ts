import { createContext, useContext } from 'react';

/** The state of the search dialog. */
export interface SearchControl {
  readonly isOpen: boolean;
  readonly setIsOpen: (isOpen: boolean) => void;
  readonly open: () => void;
}

/** Provides the state of the search dialog. */
export const SearchContext = createContext<SearchControl | undefined>(undefined);

/** Returns the state of the search dialog. Throws outside of `SearchContext`. */
export function useSearchDialog(): SearchControl {
  const control = useContext(SearchContext);
  if (!control) throw new Error('useSearchDialog is used outside of SearchContext');
  return control;
}
