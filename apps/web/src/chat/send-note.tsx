import type { Send, SendState } from '@parley/client';
import { useEffect } from 'react';
import { announce } from '../lib/announce.ts';
import { useLate } from '../lib/use-late.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { problemTextOf } from '../problems/problem-text.ts';
import { Button } from '../ui/button.tsx';
import { useChatActions } from './chat-actions.ts';

/** Shorter delays are not shown. */
const showAfterMs = 1_500;

/** Shows the state of a message that is not sent yet. */
export function SendNote({ send }: { readonly send: Send }) {
  const { state } = send;
  useAnnounced(state);
  const isSlow = useLate(state.kind === 'sending', showAfterMs);
  switch (state.kind) {
    case 'sending':
      return isSlow ? <Quiet>Sending…</Quiet> : null;
    case 'offline':
      return <Quiet>You’re offline. We’ll send this when you’re back online.</Quiet>;
    case 'waiting':
      return (
        <ProblemNote problem={state.error} isWaiting className="mt-1 max-w-[min(85%,38rem)]">
          <SendActions sendKey={send.key} again="Try now" />
        </ProblemNote>
      );
    case 'refused':
      return (
        <ProblemNote problem={state.error} className="mt-1 max-w-[min(85%,38rem)]">
          <SendActions sendKey={send.key} again="Retry" />
        </ProblemNote>
      );
    case 'accepted':
      return null;
  }
}

/** Announces an error to screen readers once, not for every retry. */
function useAnnounced(state: SendState): void {
  const code = 'error' in state ? state.error.code : undefined;
  useEffect(() => {
    if (code) announce(problemTextOf({ code }).title);
  }, [code]);
}

function Quiet({ children }: { readonly children: string }) {
  return <p className="pe-1 text-xs text-ink-soft">{children}</p>;
}

function SendActions({ sendKey, again }: { readonly sendKey: string; readonly again: string }) {
  const { resend, moveToDraft } = useChatActions();
  return (
    <>
      <Button className="px-2 text-ink" onClick={() => resend(sendKey)}>
        {again}
      </Button>
      <Button className="px-2 text-ink" onClick={() => moveToDraft(sendKey)}>
        Edit
      </Button>
    </>
  );
}
