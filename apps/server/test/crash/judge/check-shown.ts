import type { CellHistory, ClientRequest, ObservedTurn, SentMessage } from './history.ts';

/** The errors that are allowed while only intended faults occur: the client may repeat the request. */
const PASSING = new Set([
  'answer_pending',
  'answer_restarted',
  'database_unavailable',
  'draining',
  'overloaded',
  'queue_full',
]);
/** How an answer may fail after a fault of the model. */
const FAILURES = new Set(['model_failed', 'model_timeout', 'model_unreachable']);

/** Checks everything that clients received besides the answers: one end for each, no error of a bug, nothing stale. */
export function checkShown(cell: CellHistory): string[] {
  const { messages, turns, promises } = cell;
  const storedTurns = new Map(turns.map((turn) => [turn.userMessage?.content ?? '', turn]));
  return [
    ...messages.flatMap((message) => {
      const turn = storedTurns.get(message.content);
      return [
        ...checkEnd(message),
        ...message.requests.flatMap((request) => [
          ...checkApiError(request, message, promises.mayFail),
          ...request.oddities,
          ...checkReplay(request, turn),
        ]),
        ...checkAttempts(message),
        ...(turn ? checkRejected(message, turn) : []),
      ].map((offence) => `"${message.content}": ${offence}`);
    }),
    ...checkUnsent(cell),
  ];
}

function checkEnd({ requests, mayMeet }: SentMessage): string[] {
  const hasEnd = requests.some(({ result }) => result.kind === 'accepted' && result.end);
  const isShown = requests.some(({ connection }) =>
    connection?.events.some(({ event }) => event.type === 'end'),
  );
  const hasMet = requests.some(({ apiError }) => apiError && mayMeet?.includes(apiError.code));
  return hasEnd || isShown || hasMet
    ? []
    : [`its client never learned how it ended, by ${requests.length} requests`];
}

function checkApiError(
  { apiError, server }: ClientRequest,
  { mayMeet }: SentMessage,
  mayFail: boolean,
): string[] {
  if (!apiError || mayMeet?.includes(apiError.code)) return [];
  if (PASSING.has(apiError.code) || (mayFail && FAILURES.has(apiError.code))) return [];
  return [`server ${server} refused with ${apiError.status} ${apiError.code}`];
}

/** A turn that was created before the request was sent belongs to an earlier request. */
function checkReplay({ result, interval, form }: ClientRequest, turn: ObservedTurn | undefined): string[] {
  if (form === 'follow' || result.kind !== 'accepted' || result.isReplay || !turn) return [];
  if (turn.createdAt >= interval.from) return [];
  return ['a repeat was not marked as one'];
}

/** Checks that a request whose error has no id stored nothing, and neither did the requests before it. */
function checkRejected({ requests }: SentMessage, turn: ObservedTurn): string[] {
  const sent = requests.filter(({ form }) => form !== 'follow');
  const refused = sent.slice(
    0,
    sent.findIndex(({ result }) => result.kind !== 'refused' || result.answerId !== undefined),
  );
  const last = refused.at(-1);
  if (!last || turn.createdAt > last.interval.to) return [];
  return ['it was refused as not stored, and was stored by then'];
}

/** A stream that was opened after another one had ended never shows an older run than that did. */
function checkAttempts({ requests }: SentMessage): string[] {
  const offences: string[] = [];
  let newest = 0;
  for (const { connection, server } of requests) {
    for (const { cursor, event } of connection?.events ?? []) {
      if (event.type === 'start') continue;
      if (cursor.attempt < newest && cursor.attempt > 0)
        offences.push(`server ${server} showed ${event.type} of run ${cursor.attempt} after run ${newest}`);
      newest = Math.max(newest, cursor.attempt);
    }
  }
  return offences;
}

/** Only sent messages are stored and reach the model. */
function checkUnsent({ messages, turns }: CellHistory): string[] {
  const sent = new Set(messages.map(({ content }) => content));
  return turns
    .filter(({ userMessage }) => !sent.has(userMessage?.content ?? ''))
    .map(({ id, userMessage }) => `turn ${id} holds "${userMessage?.content}", which nobody sent`);
}
