import type { Id, ToolStep } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';
import type { MessageRecord } from '../message/message-records.ts';
import type { Spender } from '../usage/usage-records.ts';
import { fromErrorFields, toErrorFields } from './stored-error-code.ts';
import type { TurnDocument } from './turn-model.ts';
import type { NewTurn, TurnEnd, TurnOrigin, TurnRecord, WrittenText } from './turn-records.ts';

/** The one update that ends a turn. */
export function endUpdate(end: TurnEnd) {
  const { status, answer, written, errorCode, retryAt, usage, account, agentVersion, textBytes } = end;
  return {
    $set: {
      status,
      textBytes,
      endedAt: new Date(),
      ...(written && { written: answer ? { attempt: written.attempt } : written }),
      ...toErrorFields(errorCode),
      ...(retryAt && { retryAt }),
      ...(agentVersion !== undefined && { agentVersion }),
      ...(account && { account, isUncounted: true as const }),
    },
    // Nobody reads them once the turn has ended.
    $unset: { steps: '' as const, 'origin.networks': '' as const },
    $push: { ...(answer && { messages: answer }), ...(usage && { usage }) },
  };
}

/** A turn as it is inserted. */
export function toDocument(turn: NewTurn, team: Id<'team'>): TurnDocument {
  const { question } = turn;
  return {
    _id: turn.id,
    team,
    chat: turn.chat,
    sequence: turn.sequence,
    status: turn.lease ? 'generating' : 'queued',
    ...(turn.lease && { lease: turn.lease }),
    takeovers: 0,
    ...('retryOf' in question && { retryOf: question.retryOf }),
    ...(turn.idempotency && { idempotency: turn.idempotency }),
    messages: 'userMessage' in question ? [question.userMessage] : [],
    answerId: turn.answerId,
    usage: [],
    ...(turn.spender && { spender: turn.spender }),
    ...(turn.origin && { origin: turn.origin }),
    ...(turn.reservations && { reservations: [...turn.reservations] }),
    createdAt: turn.createdAt,
  };
}

/** A stored turn as the others know it. */
export function toRecord(document: TurnDocument): TurnRecord {
  const { _id, team, chat, sequence, status, lease, takeovers, answerId, createdAt } = document;
  const { isCancelled, retryOf, retryAt, idempotency, textBytes, messages } = document;
  const errorCode = fromErrorFields(document);
  const { spender, origin, reservations, steps } = document;
  const userMessage = messages.find(({ role }) => role === 'user');
  const answer = messages.find(({ id }) => id === answerId);
  const written = toWritten(document, answer);
  return {
    id: _id,
    team,
    chat,
    sequence,
    status,
    takeovers,
    isCancelled: isCancelled === true,
    answerId,
    createdAt,
    ...(userMessage && { userMessage: toMessage(userMessage) }),
    ...(retryOf && { retryOf: { turn: retryOf.turn, userMessageId: retryOf.userMessageId } }),
    ...(lease && { lease }),
    ...(answer && { answer: toMessage(answer) }),
    ...(written && { written }),
    ...(errorCode !== undefined && { errorCode }),
    ...(retryAt && { retryAt }),
    ...(idempotency && { idempotency: { key: idempotency.key, body: idempotency.body } }),
    ...(spender && { spender: toSpender(spender) }),
    ...(origin && { origin: toOrigin(origin) }),
    ...(reservations && { reservations: reservations.map(toReservation) }),
    ...(steps && { steps: steps.map(toStep) }),
    ...(textBytes !== undefined && { textBytes }),
  };
}

function toWritten(
  { written, lease }: TurnDocument,
  answer: MessageRecord | undefined,
): WrittenText | undefined {
  // An answer from before the run was kept is taken for the last run's.
  if (answer) return { attempt: written?.attempt ?? lease?.attempt ?? 1, text: answer.content };
  return written && { attempt: written.attempt, text: written.text ?? '' };
}

export function toOrigin({ isPrivileged, networks }: TurnOrigin): TurnOrigin {
  return { isPrivileged, ...(networks && { networks: [...networks] }) };
}

export function toSpender({ key, user }: Spender): Spender {
  return { key, ...(user !== undefined && { user }) };
}

function toReservation({ subject, day, tokens }: Reservation): Reservation {
  return { subject, day, tokens };
}

function toStep({ text, calls, opaque }: ToolStep): ToolStep {
  return {
    text,
    calls: calls.map((call) => ({
      ...{ id: call.id, name: call.name, arguments: call.arguments },
      ...(call.result !== undefined && { result: call.result }),
      ...(call.opaque !== undefined && { opaque: call.opaque }),
    })),
    ...(opaque !== undefined && { opaque }),
  };
}

function toMessage({ id, role, content, finishReason, createdAt }: MessageRecord): MessageRecord {
  return { id, role, content, ...(finishReason && { finishReason }), createdAt };
}
