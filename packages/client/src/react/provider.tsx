import { QueryClientProvider } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import type { Parley } from '../parley.ts';
import { trpc } from './trpc.ts';

const ParleyContext = createContext<Parley | undefined>(undefined);

/** Provides the client to all hooks below. It does not close the client. */
export function ParleyProvider({
  parley,
  children,
}: {
  readonly parley: Parley;
  readonly children: ReactNode;
}) {
  return (
    <trpc.Provider client={parley.trpc} queryClient={parley.queryClient}>
      <QueryClientProvider client={parley.queryClient}>
        <ParleyContext value={parley}>{children}</ParleyContext>
      </QueryClientProvider>
    </trpc.Provider>
  );
}

/**
 * Returns the client of the nearest `ParleyProvider`.
 *
 * @throws Error if there is none
 */
export function useParley(): Parley {
  const parley = useContext(ParleyContext);
  if (!parley) throw new Error('useParley needs a <ParleyProvider> above this component.');
  return parley;
}
