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
    const name = userMessage ? `message ${userMessage.content}` : `answer ${turn.answerId}`;
    if (seen.has(name)) say(`holds ${name} a second time`);
    seen.add(name);
    if (retryOf) offences.push(...checkRetry(turn, turns));
    offences.push(...checkPath(turn, turns));
  }
  offences.push(...checkRemovals(chat));
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

/** An ended answer can be answered again. A failed one is retried once directly behind it, and never beside that retry. */
function checkRetry(turn: StoredTurn, turns: readonly StoredTurn[]): string[] {
  const { sequence, retryOf } = turn;
  const answered = turns.find(({ id }) => id === retryOf?.turn);
  const say = (what: string) => [`turn ${sequence} retries ${retryOf?.turn}, ${what}`];
  if (!answered || answered.sequence >= sequence) return say('which is not an earlier turn');
  if (messageOf(answered) !== retryOf?.userMessageId) return say('which answers another message');
  const next = turns.find((other) => other.sequence === answered.sequence + 1);
  const wasRetried = answered.status === 'failed' && next?.retryOf?.turn === answered.id;
  return wasRetried && next.id !== turn.id ? say('which was retried already') : [];
}

/** A path ends with its turn, follows the path of an earlier turn, and has the message that its turn answers. */
function checkPath(turn: StoredTurn, turns: readonly StoredTurn[]): string[] {
  const on = turnsOnPath(turn, turns);
  const say = (what: string) => [`turn ${turn.sequence} (${turn.id}) ${what}`];
  if (on.at(-1)?.id !== turn.id) return say('is not the last one of its path');
  const asked = on.find(({ userMessage }) => userMessage?.id === messageOf(turn));
  if (!asked) return say('is on a path without its message');
  const before = on.filter(({ sequence }) => sequence < asked.sequence);
  const parent = before.at(-1);
  const inherited = parent ? turnsOnPath(parent, turns) : [];
  const isSame = inherited.map(({ id }) => id).join() === before.map(({ id }) => id).join();
  return isSame ? [] : say('has another path than the turn that its message follows');
}

/** A message is removed only on request, with all its failed answers. */
function checkRemovals({ turns, removals = [], isDeleted }: ChatHistory): string[] {
  const offences: string[] = [];
  const requested = new Set(removals.map(({ message }) => message));
  for (const turn of turns) {
    const message = messageOf(turn) ?? '';
    if (turn.isRemoved && !requested.has(message)) offences.push(`${message} was removed without a request`);
  }
  for (const { message, isConfirmed } of removals) {
    if (!isConfirmed || isDeleted) continue;
    for (const { sequence, status, isRemoved, hasContent } of turns.filter(
      (turn) => messageOf(turn) === message,
    )) {
      // A retry that was accepted meanwhile ends without a call of the model.
      const isRejected = turns.some(
        (turn) => turn.sequence === sequence && turn.errorCode === 'message_not_found',
      );
      if (status !== 'failed') offences.push(`${message} was removed, and turn ${sequence} is ${status}`);
      else if (!isRejected && (!isRemoved || hasContent))
        offences.push(`${message} was removed, and turn ${sequence} still has its content`);
    }
  }
  return offences;
}

function messageOf({ userMessage, retryOf }: StoredTurn): string | undefined {
  return userMessage?.id ?? retryOf?.userMessageId;
}

/** The turns of a path, oldest first. */
export function turnsOnPath(
  { sequence, path = [1, sequence] }: Pick<StoredTurn, 'sequence' | 'path'>,
  turns: readonly StoredTurn[],
): StoredTurn[] {
  return turns
    .filter((turn) =>
      path.some((first, index) => {
        const last = path[index + 1] ?? 0;
        return index % 2 === 0 && first <= turn.sequence && turn.sequence <= last;
      }),
    )
    .toSorted((one, other) => one.sequence - other.sequence);
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
