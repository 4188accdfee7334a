import type { Send, SendState } from '@parley/client';
import { useEffect } from 'react';
import { announce } from '../lib/announce.ts';
import { useLate } from '../lib/use-late.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { problemTextOf } from '../problems/problem-text.ts';
import { currentTexts } from '../texts/texts.ts';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { useChatActions } from './chat-actions.ts';

/** Shorter delays are not shown. */
const showAfterMs = 1_500;

/** Shows the state of a message that is not sent yet. */
export function SendNote({ send }: { readonly send: Send }) {
  const { text } = useTexts();
  const { state } = send;
  useAnnounced(state);
  const isSlow = useLate(state.kind === 'sending', showAfterMs);
  switch (state.kind) {
    case 'sending':
      return isSlow ? <Quiet>{text('message.sending')}</Quiet> : null;
    case 'offline':
      return <Quiet>{text('message.offline')}</Quiet>;
    case 'waiting':
      return (
        <ProblemNote problem={state.error} isWaiting className="mt-1 max-w-[min(85%,38rem)]">
          <SendActions sendKey={send.key} again={text('message.try-now')} />
        </ProblemNote>
      );
    case 'refused':
      return (
        <ProblemNote problem={state.error} className="mt-1 max-w-[min(85%,38rem)]">
          <SendActions sendKey={send.key} again={text('message.retry')} />
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
    if (code) announce(problemTextOf({ code }, currentTexts()).title);
  }, [code]);
}

function Quiet({ children }: { readonly children: string }) {
  return <p className="pe-1 text-xs text-ink-soft">{children}</p>;
}

function SendActions({ sendKey, again }: { readonly sendKey: string; readonly again: string }) {
  const { text } = useTexts();
  const { resend, moveToDraft } = useChatActions();
  return (
    <>
      <Button className="px-2 text-ink" onClick={() => resend(sendKey)}>
        {again}
      </Button>
      <Button className="px-2 text-ink" onClick={() => moveToDraft(sendKey)}>
        {text('message.edit')}
      </Button>
    </>
  );
}
