import { partsOf, textOfCall } from '@parley/contract';
import type { HistoryMessage, MessageRecord, RunContext, TurnRecord } from '@parley/db';
import type { EndedOutcome } from '../turn-outcome.ts';

/** The messages before a turn, oldest first. */
export type History = RunContext['history'];

/** UTF-8 bytes of a UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;

/**
 * The history before the next turn once this one has ended: as much as a query would read, and never less. Undefined
 * if only a query can decide: a retry, or a message that the model rejected, changes which earlier messages the model
 * gets.
 */
export function historyAfter(
  before: History,
  { userMessage }: Pick<TurnRecord, 'userMessage'>,
  outcome: EndedOutcome,
  bytesMax: number,
): History | undefined {
  const isRefused = outcome.kind === 'failed' && outcome.errorCode === 'model_refused';
  if (!userMessage || isRefused) return undefined;
  const answer = outcome.kind === 'empty' ? undefined : outcome.answer;
  const added = [userMessage, answer].filter((message) => message !== undefined);
  const all = [...before, ...added.map(toGiven)];
  if (lengthOf(all) * BYTES_PER_UNIT <= bytesMax) return all;
  let bytes = 0;
  let from = all.findLastIndex((message) => {
    bytes += sizeOfGiven(message, Buffer.byteLength);
    return bytes > bytesMax;
  });
  // The history begins with a whole turn.
  while (from > 0 && all[from]?.role !== 'user') from--;
  return from > 0 ? all.slice(from) : all;
}

/** UTF-16 units of a history. */
export function lengthOf(history: History): number {
  return history.reduce((sum, message) => sum + sizeOfGiven(message, (text) => text.length), 0);
}

/** The model does not get the reasoning of an answer again. */
function toGiven({ role, content, tape, files }: MessageRecord): HistoryMessage {
  if (files) return { role, content, files };
  if (tape === undefined) return { role, content };
  return { role, content, parts: partsOf(tape).filter(({ type }) => type !== 'reasoning') };
}

/** The size of what the model gets of a message, as a query for the history counts it. */
function sizeOfGiven({ content, parts }: HistoryMessage, sizeOf: (text: string) => number): number {
  let size = sizeOf(content);
  if (!parts) return size;
  for (const part of parts) size += sizeOf(textOfCall(part));
  return size;
}
