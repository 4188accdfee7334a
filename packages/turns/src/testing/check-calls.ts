import { partsOf, type TapePart } from '@parley/contract';
import { shownTape, turnsOnPath } from './check-turns.ts';
import type { ChatHistory, ModelCall, StoredTurn } from './history.ts';

type Context = ModelCall['context'];

/** The number of uncertain removals of a chat whose combinations are tried. */
const UNCERTAIN_MAX = 6;

/**
 * Checks the model's calls: each got exactly the preceding messages, their number is bounded, and each answer is used
 * once.
 */
export function checkCalls(
  chat: ChatHistory,
  { callsPerTurnMax, hasOlderRelease }: { callsPerTurnMax: number; hasOlderRelease: boolean },
): string[] {
  const turns = chat.turns.toSorted((a, b) => a.sequence - b.sequence);
  const callsOf = Map.groupBy(chat.calls, messageOf);
  const offences = chat.calls.flatMap((call) => illegalities(call));
  const used = new Map<string, string>();
  const turnsOf = Map.groupBy(turns, (turn) => questionOf(turn, turns));
  // Release 0.1.0 gives the text of failed answers to the model in other cases.
  const isKnown =
    !hasOlderRelease || !turns.some(({ status, written }) => status === 'failed' && written?.text);
  for (const [question, calls] of callsOf) {
    const answering = turnsOf.get(question) ?? [];
    const turnsMax = chat.isDeleted
      ? 1 + chat.requests.filter(({ retries }) => retries).length
      : answering.length;
    if (turnsMax === 0) offences.push(`the model was called for "${question}", which is not stored`);
    else if (calls.length > callsPerTurnMax * turnsMax)
      offences.push(`the model was called ${calls.length} times for "${question}"`);
    if (isKnown && answering.length > 0) offences.push(...checkContexts(calls, answering, chat));
  }
  for (const turn of turns) {
    const calls = callsOf.get(questionOf(turn, turns)) ?? [];
    offences.push(...checkOrigin(turn, calls, used));
  }
  return offences;
}

/**
 * The message that a call answers: the last paragraph of the context, because unanswered messages are joined before
 * it.
 */
function messageOf({ context }: ModelCall): string {
  return context.at(-1)?.content.split('\n\n').at(-1) ?? '';
}

/** The text of the message that a turn answers. A retry answers the message of the failed turn before it. */
function questionOf(turn: StoredTurn, turns: readonly StoredTurn[]): string {
  if (turn.userMessage) return turn.userMessage.content;
  return (
    turns.find(({ userMessage }) => userMessage?.id === turn.retryOf?.userMessageId)?.userMessage?.content ??
    ''
  );
}

function illegalities({ context, text }: ModelCall): string[] {
  const isLegal = context.every(
    ({ role, content }, index) => role === (index % 2 === 0 ? 'user' : 'assistant') && content !== '',
  );
  if (isLegal && context.length % 2 === 1) return [];
  return [`the model was shown an illegal context before it wrote "${text}": ${write(context)}`];
}

function checkContexts(
  calls: readonly ModelCall[],
  answering: readonly StoredTurn[],
  { turns: stored, removals = [] }: ChatHistory,
): string[] {
  const turns = stored.toSorted((a, b) => a.sequence - b.sequence);
  const confirmed = removals.filter(({ isConfirmed }) => isConfirmed).map(({ message }) => message);
  const uncertain = removals.map(({ message }) => message).filter((message) => !confirmed.includes(message));
  const expected = answering.flatMap((turn) =>
    subsetsOf(uncertain).map((some) => write(contextOf(turn, turns, new Set([...confirmed, ...some])))),
  );
  return calls
    .map(({ context }) => write(context))
    .filter((context) => !expected.includes(context))
    .map((context) => `the model was shown ${context}; stored before that turn is ${expected.join(' or ')}`);
}

/**
 * The messages that the model of a turn must get: all before it on its path except messages that the model rejected and failed
 * answers that were answered again, with neighbors of one role joined.
 */
function contextOf(turn: StoredTurn, all: readonly StoredTurn[], removed: ReadonlySet<string>): Context {
  const turns = turnsOnPath(turn, all);
  const context: { role: string; content: string }[] = [];
  const add = (role: string, content: string) => {
    const last = context.at(-1);
    if (last?.role === role) last.content += `\n\n${content}`;
    else context.push({ role, content });
  };
  for (const earlier of turns) {
    const { sequence, userMessage, answer } = earlier;
    if (sequence > turn.sequence) break;
    const message = answeredBy(earlier);
    if (!isShown(message, turn, turns)) continue;
    if (message !== answeredBy(turn) && removed.has(message ?? '')) continue;
    if (userMessage) add('user', userMessage.content);
    const isRetried = turns.some(
      (later) => later.sequence > sequence && answeredBy(later) === answeredBy(earlier),
    );
    if (answer?.content && sequence < turn.sequence && !isRetried)
      add(
        'assistant',
        `${answer.content}${writeCalls(answer.tape === undefined ? [] : partsOf(answer.tape))}`,
      );
  }
  return context;
}

/** A removal whose result is unknown may have been seen by some runs. */
function subsetsOf(messages: readonly string[]): string[][] {
  const subsets: string[][] = [[]];
  for (const message of [...new Set(messages)].slice(0, UNCERTAIN_MAX))
    subsets.push(...subsets.map((subset) => [...subset, message]));
  return subsets;
}

/**
 * Whether the model gets a message: the message of the turn itself always, another one unless its newest answer is a
 * rejection.
 */
function isShown(message: string | undefined, turn: StoredTurn, turns: readonly StoredTurn[]): boolean {
  if (answeredBy(turn) === message) return true;
  const newest = turns.findLast((other) => other.sequence < turn.sequence && answeredBy(other) === message);
  return newest?.errorCode !== 'model_refused';
}

function answeredBy({ userMessage, retryOf }: StoredTurn): string | undefined {
  return userMessage?.id ?? retryOf?.userMessageId;
}

function write(context: Context): string {
  return context
    .map(({ role, content, parts = [] }) => `${role}: ${content}${writeCalls(parts)}`)
    .join(' | ');
}

/** The tool calls of an answer, which the model gets again, with their results. */
function writeCalls(parts: readonly TapePart[]): string {
  const calls = parts.filter(({ type }) => type === 'tool-call' || type === 'tool-result');
  return calls.length === 0 ? '' : JSON.stringify(calls);
}

/** A stored tape is the whole tape of one call, or its beginning if the run did not end normally. */
function checkOrigin(turn: StoredTurn, calls: readonly ModelCall[], used: Map<string, string>): string[] {
  const text = shownTape(turn);
  if (text === '') return [];
  const origin = calls.find((call) =>
    turn.status === 'completed' ? call.text === text : call.text.startsWith(text),
  );
  if (!origin) return [`turn ${turn.sequence} holds "${text}", which no call for its message wrote`];
  const other = used.get(origin.text);
  if (other !== undefined) return [`turn ${turn.sequence} holds "${text}", as turn ${other} does`];
  if (turn.status === 'completed') used.set(origin.text, String(turn.sequence));
  return [];
}
