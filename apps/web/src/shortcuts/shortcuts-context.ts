import { createContext, useContext } from 'react';

export interface ShortcutsControl {
  readonly isOpen: boolean;
  readonly setIsOpen: (isOpen: boolean) => void;
  readonly open: () => void;
}

export const ShortcutsContext = createContext<ShortcutsControl | undefined>(undefined);

/** The dialog that names the keys. */
export function useShortcutsDialog(): ShortcutsControl {
  const control = useContext(ShortcutsContext);
  if (!control) throw new Error('useShortcutsDialog is used outside of ShortcutsContext');
  return control;
}
