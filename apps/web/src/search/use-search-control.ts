import { useCallback, useMemo, useState } from 'react';
import type { SearchControl } from './search-context.ts';

/** Controls the search dialog. */
export function useSearchControl(): SearchControl {
  const [isOpen, setIsOpen] = useState(false);
  const open = useCallback(() => setIsOpen(true), []);
  return useMemo(() => ({ isOpen, setIsOpen, open }), [isOpen, open]);
}
