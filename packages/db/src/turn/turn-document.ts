import { compact, compactAs, type Id, type MessageFile, type Source, type ToolStep } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';
import type { MessageRecord } from '../message/message-records.ts';
import type { Spender, UsageRecord } from '../usage/usage-records.ts';
import { fromErrorFields, toErrorFields } from './stored-error-code.ts';
import { type StoredPart, toStoredParts, toTape } from './stored-parts.ts';
import type { MessageDocument, TurnDocument } from './turn-model.ts';
import type { NewTurn, TurnEnd, TurnOrigin, TurnRecord, WrittenText } from './turn-records.ts';

/** The one update that ends a turn. */
export function endUpdate(end: TurnEnd) {
  const { status, answer, written, errorCode, retryAt, usage, account, agentVersion, textBytes } = end;
  return {
    $set: compact({
      ...{ status, textBytes, endedAt: new Date(), retryAt, agentVersion },
      // The answer holds the text itself.
      written: written && (answer ? { attempt: written.attempt } : withStoredParts(written)),
      ...toErrorFields(errorCode),
      account,
      isUncounted: account && (true as const),
    }),
    // Only an unfinished turn needs them.
    $unset: {
      ...{ steps: '' as const, stepsSize: '' as const, wait: '' as const },
      'origin.networks': '' as const,
    },
    $push: compact({ messages: answer && withStoredParts(answer), usage: usage && pushedUsage(usage) }),
  };
}

/** The value to push to the usage of a turn: a record for each model that was called. */
export function pushedUsage(usage: readonly UsageRecord[]) {
  const [only] = usage;
  return only && usage.length === 1 ? only : { $each: [...usage] };
}

/** The stored form of a turn that is accepted now. */
export function toDocument(turn: NewTurn, team: Id<'team'>): TurnDocument {
  const { id: _id, chat, sequence, parent, path, question, lease, idempotency, answerId } = turn;
  const { spender, origin, reservations, createdAt } = turn;
  return compactAs<TurnDocument>({
    ...{ _id, team, chat, sequence, parent, path: path && [...path] },
    ...{ status: lease ? 'generating' : 'queued', lease, takeovers: 0 },
    retryOf: 'retryOf' in question ? question.retryOf : undefined,
    messages: 'userMessage' in question ? [question.userMessage] : [],
    ...{ idempotency, answerId, usage: [], spender, origin },
    reservations: reservations && [...reservations],
    createdAt,
    // Later updates set these.
    ...{ hasSuccessor: undefined, isCancelled: undefined, written: undefined },
    ...{ steps: undefined, stepsSize: undefined, wait: undefined },
    ...{ account: undefined, isUncounted: undefined, agentVersion: undefined, textBytes: undefined },
    ...{ errorCode: undefined, exactErrorCode: undefined, retryAt: undefined, endedAt: undefined },
    ...{ removedAt: undefined, pendingSince: undefined, purgedAt: undefined },
  });
}

/** The record of a stored turn. */
export function toRecord(document: TurnDocument): TurnRecord {
  const { _id: id, team, chat, sequence, status, lease, takeovers, answerId, createdAt } = document;
  const { isCancelled = false, retryOf, retryAt, idempotency, textBytes, messages } = document;
  const { spender, origin, reservations, steps, parent, path, removedAt } = document;
  const userMessage = messages.find(({ role }) => role === 'user');
  const stored = messages.find(({ id: messageId }) => messageId === answerId);
  const answer = stored && toMessage(stored);
  return compactAs<TurnRecord>({
    ...{ id, team, chat, sequence, status, takeovers, isCancelled, answerId, createdAt },
    ...{ parent, path: path && [...path], isRemoved: removedAt && (true as const) },
    userMessage: userMessage && toMessage(userMessage),
    retryOf: retryOf && { turn: retryOf.turn, userMessageId: retryOf.userMessageId },
    lease,
    answer,
    written: toWritten(document, answer),
    errorCode: fromErrorFields(document),
    retryAt,
    idempotency: idempotency && { key: idempotency.key, body: idempotency.body },
    spender: spender && toSpender(spender),
    origin: origin && toOrigin(origin),
    reservations: reservations?.map(toReservation),
    steps: steps?.map(toStep),
    textBytes,
  });
}

/** Copies the origin of a turn from a stored document. */
export function toOrigin({ isPrivileged, networks }: TurnOrigin): TurnOrigin {
  return compactAs<TurnOrigin>({ isPrivileged, networks: networks && [...networks] });
}

/** Copies the spender of a turn from a stored document. */
export function toSpender({ key, user }: Spender): Spender {
  return compactAs<Spender>({ key, user });
}

/** Copies a message from a stored document. */
function toMessage(message: MessageDocument): MessageRecord {
  const { id, role, content, parts, files, finishReason, createdAt } = message;
  const tape = parts && toTape(content, parts);
  return compactAs<MessageRecord>({
    ...{ id, role, content, tape, files: files?.map(toMessageFile), finishReason, createdAt },
  });
}

/** Copies a file of a message from a stored document. */
function toMessageFile({ id, filename, mediaType, bytes }: MessageFile): MessageFile {
  return { id, filename, mediaType, bytes };
}

/** A message or a text in its stored form: with parts in place of its tape, if it has one. */
function withStoredParts<Fields extends { readonly tape?: string }>(
  fields: Fields,
): Omit<Fields, 'tape'> & { parts?: StoredPart[] } {
  if (fields.tape === undefined) return fields;
  const { tape, ...others } = fields;
  return { ...others, parts: toStoredParts(tape) };
}

function toWritten(
  { written, lease }: TurnDocument,
  answer: MessageRecord | undefined,
): WrittenText | undefined {
  // Turns of release 0.1.0 may not say which run wrote the answer: it was the last one.
  if (answer)
    return compactAs<WrittenText>({
      ...{ attempt: written?.attempt ?? lease?.attempt ?? 1, text: answer.content, tape: answer.tape },
    });
  if (!written) return undefined;
  const { attempt, text = '', parts } = written;
  return compactAs<WrittenText>({ attempt, text, tape: parts && toTape(text, parts) });
}

function toReservation({ subject, day, tokens }: Reservation): Reservation {
  return { subject, day, tokens };
}

function toStep({ text, reasoning, sources, calls, opaque, source }: ToolStep): ToolStep {
  return compactAs<ToolStep>({
    ...{ text, reasoning, opaque, source },
    sources: sources?.map(({ url, title }) => compactAs<Source>({ url, title })),
    calls: calls.map(toCall),
  });
}

function toCall({ id, name, arguments: text, result, isError, ms, opaque }: ToolStep['calls'][number]) {
  return compactAs<ToolStep['calls'][number]>({ id, name, arguments: text, result, isError, ms, opaque });
}
