import { createContext, useContext } from 'react';

/** The chat list beside the page, or over it where there is no room. */
export interface SidebarControl {
  readonly isOpen: boolean;
  readonly isWide: boolean;
  readonly setIsOpen: (isOpen: boolean) => void;
  /** Opens it and puts the cursor into its search. */
  readonly search: () => void;
}

export const SidebarContext = createContext<SidebarControl | undefined>(undefined);

export function useSidebar(): SidebarControl {
  const sidebar = useContext(SidebarContext);
  if (!sidebar) throw new Error('useSidebar is used outside of SidebarContext');
  return sidebar;
}
