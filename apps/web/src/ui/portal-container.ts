import { createContext, useContext } from 'react';

/**
 * The container for menus and tooltips. It keeps them in their landmark, where screen readers expect them.
 */
export const PortalContainerContext = createContext<HTMLElement | null>(null);

/** Returns the container as a property for Radix's portals, or no property for the page's body. */
export function usePortalContainer(): { container?: HTMLElement } {
  const container = useContext(PortalContainerContext);
  return container ? { container } : {};
}
