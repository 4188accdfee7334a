import { createContext, useContext } from 'react';

/** Where what floats is put: into the landmark it belongs to, so that screen readers find it there. */
export const PortalContainerContext = createContext<HTMLElement | null>(null);

/** The container as Radix's portals take it; the page's body, where there is none. */
export function usePortalContainer(): { container?: HTMLElement } {
  const container = useContext(PortalContainerContext);
  return container ? { container } : {};
}
