import type { AnswerEntry } from '@parley/client';
import { ArrowDownToLine, RotateCcw } from 'lucide-react';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { AnswerParts } from './answer-parts.tsx';
import { useChatActions } from './chat-actions.ts';
import { canContinue, endNoteOf } from './end-note.ts';
import { MessageActions } from './message-actions.tsx';
import { RateButtons } from './rate-buttons.tsx';
import { Thinking } from './thinking.tsx';

interface AnswerProps {
  readonly entry: AnswerEntry;
  /** Only the newest answer of a chat can be retried. */
  readonly isNewest: boolean;
}

/** An answer with its text, its status and its actions. */
export function Answer({ entry, isNewest }: AnswerProps) {
  const { text } = useTexts();
  const { content, status, createdAt } = entry;
  const isRunning = status === 'queued' || status === 'generating';
  return (
    <article
      className="group flex flex-col gap-2 pt-3 pb-1"
      data-kind="answer"
      data-status={status}
      aria-busy={isRunning}
    >
      <h2 className="sr-only">{text('answer.heading')}</h2>
      <AnswerParts entry={entry} isRunning={isRunning} />
      {isRunning && (content === '' || entry.retryAt !== undefined) && <Thinking entry={entry} />}
      <EndNote entry={entry} isNewest={isNewest} />
      {status === 'failed' && <Failure entry={entry} isNewest={isNewest} />}
      {!isRunning && content !== '' && (
        <div className="-ms-2">
          <MessageActions createdAt={createdAt} textOf={() => content} isAlwaysShown={isNewest}>
            <RateButtons entry={entry} />
          </MessageActions>
        </div>
      )}
    </article>
  );
}

/** Says that an answer is not whole, and why. The newest one can be continued, unless a filter ended it. */
function EndNote({ entry, isNewest }: AnswerProps) {
  const { text } = useTexts();
  const { continueAnswer } = useChatActions();
  const note = endNoteOf(entry, text);
  if (note === undefined) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <p className="text-sm text-ink-soft">{note}</p>
      {isNewest && canContinue(entry) && (
        <Button look="outline" className="print:hidden" onClick={continueAnswer}>
          <ArrowDownToLine aria-hidden />
          {text('answer.continue')}
        </Button>
      )}
    </div>
  );
}

function Failure({ entry, isNewest }: AnswerProps) {
  const { text } = useTexts();
  const { retry } = useChatActions();
  return (
    <ProblemNote problem={{ code: entry.errorCode ?? 'unknown', retryAt: entry.retryAt }}>
      {isNewest && (
        <Button look="outline" onClick={() => retry(entry.messageId)}>
          <RotateCcw aria-hidden />
          {text('answer.retry')}
        </Button>
      )}
    </ProblemNote>
  );
}
