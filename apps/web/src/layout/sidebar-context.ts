import { createContext, useContext } from 'react';

/** The chat list beside the page, or above it on narrow screens. */
export interface SidebarControl {
  readonly isOpen: boolean;
  readonly isWide: boolean;
  readonly setIsOpen: (isOpen: boolean) => void;
}

/** Provides the state of the chat list. */
export const SidebarContext = createContext<SidebarControl | undefined>(undefined);

/** Returns the state of the chat list. Throws outside of `SidebarContext`. */
export function useSidebar(): SidebarControl {
  const sidebar = useContext(SidebarContext);
  if (!sidebar) throw new Error('useSidebar is used outside of SidebarContext');
  return sidebar;
}
