import { createContext, useContext } from 'react';

/** The state of the shortcuts dialog. */
export interface ShortcutsControl {
  readonly isOpen: boolean;
  readonly setIsOpen: (isOpen: boolean) => void;
  readonly open: () => void;
}

/** Provides the state of the shortcuts dialog. */
export const ShortcutsContext = createContext<ShortcutsControl | undefined>(undefined);

/** Returns the state of the shortcuts dialog. Throws outside of `ShortcutsContext`. */
export function useShortcutsDialog(): ShortcutsControl {
  const control = useContext(ShortcutsContext);
  if (!control) throw new Error('useShortcutsDialog is used outside of ShortcutsContext');
  return control;
}
