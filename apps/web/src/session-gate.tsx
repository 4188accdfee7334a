import type { ReactNode } from 'react';
import { useLate } from './lib/use-late.ts';
import { ProblemNote } from './problems/problem-note.tsx';
import { useTexts } from './texts/use-texts.ts';
import { Button } from './ui/button.tsx';
import { Spinner } from './ui/spinner.tsx';
import { useSessionState } from './use-session.ts';

/** Shows the app once the page has a session, and the problem if it cannot get one. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const state = useSessionState();
  const { text } = useTexts();
  const isLate = useLate(state.kind === 'opening', 400);
  if (state.kind === 'open') return children;
  return (
    <main className="flex h-full flex-col items-center justify-center gap-6 p-6">
      <h1 className="font-display text-3xl tracking-tight">Parley</h1>
      <div role="status" className="flex min-h-32 w-full max-w-md flex-col items-center">
        {isLate && <Spinner className="text-ink-soft" />}
        {state.kind === 'failed' && (
          <ProblemNote problem={state} className="w-full">
            <Button className="px-2 text-ink" onClick={() => location.reload()}>
              {text('page.try-again')}
            </Button>
          </ProblemNote>
        )}
      </div>
    </main>
  );
}
