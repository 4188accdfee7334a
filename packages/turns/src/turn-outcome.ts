import { type ErrorCode, type Id, toPlainTape } from '@parley/contract';
import type { ChatAccess, MessageRecord, TurnRecord, WrittenText } from '@parley/db';
import type { TurnDeps } from './dependencies.ts';

/** The end of a turn. `attempt` is the run whose text was shown. */
export type EndedOutcome =
  | {
      readonly kind: 'answered';
      readonly status: 'completed' | 'stopped';
      readonly answer: MessageRecord;
      readonly attempt: number;
    }
  /**
   * `text` is the text shown before the failure, and `tape` all its parts. `answer` is the message that lists show; absent
   * without text, and for turns that release 0.1.0 ended.
   */
  | {
      readonly kind: 'failed';
      readonly errorCode: ErrorCode;
      /** The time at which the model's server accepts requests again, if the server reported it. */
      readonly retryAt?: Date;
      readonly attempt: number;
      readonly text: string;
      readonly tape?: string;
      readonly answer?: MessageRecord;
    }
  /** The turn was stopped before the first word: a regular end without text. It may have other parts. */
  | { readonly kind: 'empty'; readonly attempt: number; readonly tape?: string };

/** The end of a turn, or the reason why this process stops following it. */
export type TurnOutcome =
  | EndedOutcome
  /** The chat was deleted. */
  | { readonly kind: 'deleted' }
  /** This process shuts down; the turn continues in another one. */
  | { readonly kind: 'handed-over' };

/** The outcome of a stored turn; undefined while it is unfinished. */
export function outcomeOf(turn: TurnRecord): EndedOutcome | undefined {
  const attempt = turn.written?.attempt ?? turn.lease?.attempt ?? 0;
  switch (turn.status) {
    case 'queued':
      return isCancelledBeforeRun(turn, attempt) ? { kind: 'empty', attempt } : undefined;
    case 'generating':
      return undefined;
    case 'failed': {
      const { errorCode = 'model_failed', retryAt, answer, written } = turn;
      const shown = { ...textsOf(written), ...(answer && { answer }) };
      return { kind: 'failed', errorCode, ...(retryAt && { retryAt }), attempt, ...shown };
    }
    case 'completed':
    case 'stopped': {
      const { status, answer, written } = turn;
      if (answer) return { kind: 'answered', status, answer, attempt };
      return { kind: 'empty', attempt, ...tapeOfEmpty(written) };
    }
  }
}

/**
 * The outcome of a turn in the database; undefined while it is unfinished. A turn is only removed with its chat, so a
 * turn that is missing from an existing chat is missing only because a replaced primary answered with old data.
 */
export async function findOutcome(
  store: Pick<TurnDeps['store'], 'turns' | 'chats'>,
  access: ChatAccess,
  turn: Id<'turn'>,
): Promise<EndedOutcome | { readonly kind: 'deleted' } | undefined> {
  const found = await store.turns.find(access, turn);
  if (found) return outcomeOf(found);
  return (await store.chats.find(access.scope, access.chat.id)) ? undefined : { kind: 'deleted' };
}

/** Whether a turn was cancelled before its first run. It stays in the queue, but its end is already known. */
export function isCancelledBeforeRun(
  turn: Pick<TurnRecord, 'status' | 'isCancelled'>,
  attempt: number,
): boolean {
  return turn.status === 'queued' && turn.isCancelled && attempt === 0;
}

/** The text and the tape of a failed turn. */
export function textsOf({ text, tape }: Omit<WrittenText, 'attempt'> = { text: '' }) {
  return { text, ...(tape !== undefined && { tape }) };
}

/** The tape of a turn that ended without text. */
export function tapeOfEmpty(written: WrittenText | undefined) {
  return written?.tape === undefined ? {} : { tape: written.tape };
}

/** The whole tape of an ended turn, as its readers received it. */
export function tapeOfOutcome(outcome: EndedOutcome): string {
  switch (outcome.kind) {
    case 'answered':
      return outcome.answer.tape ?? toPlainTape(outcome.answer.content);
    case 'failed':
      return outcome.tape ?? toPlainTape(outcome.text);
    case 'empty':
      return outcome.tape ?? '';
  }
}
