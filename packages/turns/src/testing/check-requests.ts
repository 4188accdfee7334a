import { shownText, turnsOnPath } from './check-turns.ts';
import type { ChatHistory, ReportedEnd, RequestHistory, StoredTurn } from './history.ts';

/**
 * Checks the responses to requests: no acknowledged message is lost, no rejected one is stored, every reported end is
 * true.
 */
export function checkRequests(chat: ChatHistory): string[] {
  const stored = new Map(chat.turns.map((turn) => [turn.answerId, turn]));
  return [
    ...chat.requests.flatMap((request) =>
      offencesOf(request, chat, stored).map((offence) => `${request.name} ${offence}`),
    ),
    // The idempotency keys of a chat are deleted with it.
    ...(chat.isDeleted ? [] : checkKeys(chat.requests)),
    ...checkOrder(chat.requests, stored),
  ];
}

function offencesOf(
  request: RequestHistory,
  chat: ChatHistory,
  stored: ReadonlyMap<string, StoredTurn>,
): string[] {
  const { result, content } = request;
  if (result.kind === 'unknown') return [];
  if (result.kind === 'refused') {
    if (result.answerId !== undefined || mayBeStoredByAnother(request, chat.requests)) return [];
    const isStored = chat.turns.some(({ userMessage }) => userMessage && userMessage.content === content);
    return isStored ? [`was refused (${result.code}) and is stored all the same`] : [];
  }
  const turn = stored.get(result.answerId);
  if (!turn) return chat.isDeleted ? [] : [`was acknowledged (${result.answerId}) and is lost`];
  const offences: string[] = [];
  if (content !== undefined && turn.userMessage?.content !== content)
    offences.push(`was acknowledged as ${result.answerId}, which answers ${turn.userMessage?.content}`);
  const { userMessageId } = result;
  if (userMessageId !== undefined && userMessageId !== (turn.userMessage?.id ?? turn.retryOf?.userMessageId))
    offences.push(`got the message id ${userMessageId}, but another one is stored`);
  if (result.end) offences.push(...untruths(result.end, turn));
  if (content !== undefined) offences.push(...checkPlace(request, turn, chat.turns));
  return offences;
}

/** A message that names its place follows what the replaced one follows, or what its sender saw last. */
function checkPlace(
  { replaces, after }: RequestHistory,
  turn: StoredTurn,
  turns: readonly StoredTurn[],
): string[] {
  const before = turnsOnPath(turn, turns).slice(0, -1);
  if (replaces !== undefined) {
    const replaced = turns.find(({ userMessage }) => userMessage?.id === replaces);
    const expected = replaced ? turnsOnPath(replaced, turns).slice(0, -1) : [];
    return idsOf(before) === idsOf(expected) ? [] : ['does not stand in the place of what it replaces'];
  }
  const seen = turns.find(({ answerId, userMessage }) => answerId === after || userMessage?.id === after);
  if (after === undefined || !seen) return [];
  const place = before.findIndex(({ id }) => id === seen.id);
  // A message of the user may have been answered again.
  const isFollowed = before.slice(place + 1).some(({ userMessage }) => userMessage);
  return place === -1 || isFollowed ? ['does not follow what its sender saw last'] : [];
}

function idsOf(turns: readonly StoredTurn[]): string {
  return turns.map(({ id }) => id).join();
}

/** Whether another attempt with the same key may have been stored. */
function mayBeStoredByAnother(request: RequestHistory, all: readonly RequestHistory[]): boolean {
  return all.some(
    ({ idempotencyKey, content, result }) =>
      idempotencyKey !== undefined &&
      idempotencyKey === request.idempotencyKey &&
      content === request.content &&
      (result.kind !== 'refused' || result.answerId !== undefined),
  );
}

function untruths(end: ReportedEnd, turn: StoredTurn): string[] {
  if (end.status === 'deleted') return ['got an error for a deleted chat, but the chat exists'];
  if (end.status !== turn.status || end.errorCode !== turn.errorCode)
    return [`got ${end.status} ${end.errorCode ?? ''}; stored is ${turn.status} ${turn.errorCode ?? ''}`];
  if (end.text !== undefined && end.text !== shownText(turn))
    return [`got "${end.text}"; stored is "${shownText(turn)}"`];
  return [];
}

/** All requests with one idempotency key get one answer, generated for one of them. */
function checkKeys(requests: readonly RequestHistory[]): string[] {
  const offences: string[] = [];
  const answers = new Map<string, string>();
  const made = new Set<string>();
  for (const { name, idempotencyKey: key, result } of requests) {
    if (key === undefined || result.kind !== 'accepted') continue;
    const known = answers.get(key) ?? result.answerId;
    answers.set(key, known);
    if (known !== result.answerId)
      offences.push(`${name} got answer ${result.answerId}; its key belongs to ${known}`);
    if (!result.isReplay && made.has(key)) offences.push(`${name} was not marked as a repeat of its key`);
    if (!result.isReplay) made.add(key);
  }
  return offences;
}

/** A message that was acknowledged before another one was sent precedes it. */
function checkOrder(requests: readonly RequestHistory[], stored: ReadonlyMap<string, StoredTurn>): string[] {
  const offences: string[] = [];
  const places = requests.flatMap(({ name, sentAt, knownAt, result }) => {
    const turn = result.kind === 'accepted' ? stored.get(result.answerId) : undefined;
    if (!turn || result.kind !== 'accepted') return [];
    return { name, sentAt, knownAt, sequence: turn.sequence, isReplay: result.isReplay };
  });
  for (const later of places) {
    if (later.isReplay) continue;
    const overtaken = places.find(
      (earlier) => earlier.knownAt < later.sentAt && earlier.sequence >= later.sequence,
    );
    if (overtaken) offences.push(`${later.name} was put before ${overtaken.name}, which it came after`);
  }
  return offences;
}
