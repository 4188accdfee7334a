import { ParleyError } from '@parley/client';
import { useEffect, useState } from 'react';
import type { ProblemCode } from './problems/problem-text.ts';
import { openSession } from './session.ts';

/** The state of the page's session. */
export type SessionState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly code: ProblemCode };

const againAfterMs = 3_000;

/** Opens the page's session and retries until it succeeds. */
export function useSessionState(): SessionState {
  const [state, setState] = useState<SessionState>({ kind: 'opening' });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt is one more call.
  useEffect(() => {
    let isUnmounted = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    openSession().then(
      () => !isUnmounted && setState({ kind: 'open' }),
      (error: unknown) => {
        if (isUnmounted) return;
        setState({ kind: 'failed', code: error instanceof ParleyError ? error.code : 'unknown' });
        timer = setTimeout(() => setAttempt((count) => count + 1), againAfterMs);
      },
    );
    return () => {
      isUnmounted = true;
      clearTimeout(timer);
    };
  }, [attempt]);
  return state;
}
