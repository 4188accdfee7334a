import { useCallback, useEffect, useRef, useState } from 'react';
import { type ParleyError, toParleyError } from '../parley-error.ts';

/** The state of the newest run of a user action. */
interface Action {
  readonly isRunning: boolean;
  readonly error: ParleyError | undefined;
  /** Runs the action. Never rejects. */
  readonly run: (act: () => Promise<void>) => Promise<void>;
}

/** Runs actions that can fail and keeps their state. The state is reset when `subject` changes. */
export function useAction(subject: string): Action {
  const [shown, setShown] = useState<Shown>(() => ({ subject, running: 0, error: undefined }));
  const current = useRef(subject);
  useEffect(() => {
    current.current = subject;
  }, [subject]);
  const run = useCallback(
    async (act: () => Promise<void>) => {
      const change = (next: (now: Shown) => Partial<Shown>) => {
        setShown((now) => {
          const known = now.subject === subject ? now : { subject, running: 0, error: undefined };
          return current.current === subject ? { ...known, ...next(known) } : now;
        });
      };
      change(({ running }) => ({ running: running + 1, error: undefined }));
      try {
        await act();
        change(({ running }) => ({ running: running - 1 }));
      } catch (thrown) {
        const error = toParleyError(thrown);
        change(({ running }) => ({ running: running - 1, error }));
      }
    },
    [subject],
  );
  const isCurrent = shown.subject === subject;
  return { isRunning: isCurrent && shown.running > 0, error: isCurrent ? shown.error : undefined, run };
}

interface Shown {
  readonly subject: string;
  readonly running: number;
  readonly error: ParleyError | undefined;
}
