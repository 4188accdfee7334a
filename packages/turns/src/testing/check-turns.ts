import { partsOf, textOfTape } from '@parley/contract';
import type { ChatHistory, ShownEnd, StoredTurn } from './history.ts';

const ENDED = new Set(['completed', 'stopped', 'failed']);

/** Checks the stored turns: dense, ended and valid, each message once, and none in a deleted chat. */
export function checkTurns(chat: ChatHistory): string[] {
  const offences: string[] = [];
  const turns = chat.turns.toSorted((a, b) => a.sequence - b.sequence);
  if (chat.isDeleted && !chat.wasDeletionRequested) offences.push('was deleted without a request');
  if (chat.isDeleted && turns.length > 0) offences.push(`was deleted and still has ${turns.length} turns`);
  const seen = new Set<string>();
  for (const [index, turn] of turns.entries()) {
    const say = (what: string) => offences.push(`turn ${turn.sequence} (${turn.id}) ${what}`);
    if (turn.sequence !== index + 1) say(`is at place ${index + 1}`);
    for (const offence of offencesOf(turn, chat)) say(offence);
    const { userMessage, retryOf } = turn;
    const name = userMessage ? `message ${userMessage.content}` : `retry of ${retryOf?.turn}`;
    if (seen.has(name)) say(`holds ${name} a second time`);
    seen.add(name);
    if (retryOf) offences.push(...checkRetry(turn, turns[index - 1]));
  }
  return offences;
}

function offencesOf(turn: StoredTurn, chat: ChatHistory): string[] {
  const { status, answer, errorCode, answerId, written, attempts } = turn;
  const offences: string[] = [];
  if (!ENDED.has(status)) offences.push(`never ended: it is ${status}`);
  if (status === 'completed' && !answer?.content) offences.push('is completed without an answer');
  // Only the run that holds the turn may complete it, and the newest run holds it.
  if (status === 'completed' && written && written.attempt !== attempts)
    offences.push(`was completed by run ${written.attempt}, and held by run ${attempts}`);
  if ((status === 'failed') !== (errorCode !== undefined))
    offences.push(`is ${status} with code ${errorCode}`);
  if (status === 'stopped' && !chat.stopRequestedFor.has(answerId))
    offences.push('was stopped without a request for it');
  if (answer && answer.id !== answerId) offences.push(`has an answer of another id, ${answer.id}`);
  if (turn.userMessage === undefined && turn.retryOf === undefined) offences.push('answers nothing');
  return [...offences, ...checkParts(turn)];
}

function checkRetry(turn: StoredTurn, before: StoredTurn | undefined): string[] {
  if (before?.id === turn.retryOf?.turn && before?.status === 'failed') return [];
  return [`turn ${turn.sequence} retries ${turn.retryOf?.turn}, which is not the failed turn before it`];
}

/** The end that readers must receive. */
export function endOf({ status, errorCode, answer }: StoredTurn): string {
  return [status, errorCode, answer?.finishReason].filter((word) => word !== undefined).join(' ');
}

/** The end that readers received. */
export function reportedEndOf({ status, errorCode, finishReason }: ShownEnd): string {
  return [status, errorCode, finishReason].filter((word) => word !== undefined).join(' ');
}

/** The tape of an ended turn, as its readers received it. */
export function shownTape(turn: StoredTurn): string {
  return turn.answer?.tape ?? turn.written?.tape ?? shownText(turn);
}

/** The text of an ended turn, as its readers received it. */
export function shownText({ answer, written }: StoredTurn): string {
  return answer?.content ?? written?.text ?? '';
}

/** Checks that each tool call of an answer has one result after it, unless the answer did not end by itself. */
function checkParts(turn: StoredTurn): string[] {
  const tape = shownTape(turn);
  const offences: string[] = [];
  if (textOfTape(tape) !== shownText(turn)) offences.push('has another text than its parts');
  const open = new Set<string>();
  for (const part of partsOf(tape)) {
    if (part.type === 'tool-call') open.add(part.id);
    if (part.type === 'tool-result' && !open.delete(part.id))
      offences.push(`has a result of ${part.id}, which is not an open call`);
  }
  if (turn.status === 'completed' && open.size > 0)
    offences.push(`is completed without a result of ${[...open].join()}`);
  return offences;
}

/** Checks that each failed turn keeps the text that its readers received as an answer. Release 0.1.0 keeps none. */
export function checkFailedAnswers({ turns }: ChatHistory): string[] {
  return turns
    .filter(({ status }) => status === 'failed')
    .filter(({ answer, written }) => (answer?.content ?? '') !== (written?.text ?? ''))
    .map(({ sequence, id }) => `turn ${sequence} (${id}) failed, and its answer is not the shown text`);
}
