import { useCallback, useMemo, useState } from 'react';
import { readLocal, writeLocal } from '../lib/local-store.ts';
import { useIsWide } from '../lib/use-media-query.ts';
import type { SidebarControl } from './sidebar-context.ts';

const storedAt = 'parley.sidebar';

/** Controls the chat list. Beside the page its state is stored; above the page it starts closed. */
export function useSidebarControl(): SidebarControl {
  const isWide = useIsWide();
  const [isPinned, setIsPinned] = useState(() => readLocal(storedAt) !== 'closed');
  const [isDrawn, setIsDrawn] = useState(false);

  const setIsOpen = useCallback(
    (isOpen: boolean) => {
      if (!isWide) return setIsDrawn(isOpen);
      setIsPinned(isOpen);
      writeLocal(storedAt, isOpen ? null : 'closed');
    },
    [isWide],
  );
  const isOpen = isWide ? isPinned : isDrawn;
  return useMemo(() => ({ isOpen, isWide, setIsOpen }), [isOpen, isWide, setIsOpen]);
}
