import { expectSameDocuments } from '../lab/same-documents.ts';
import { timing } from '../script.ts';
import { streamColumns, turnCpuColumn } from './columns.ts';
import type { Comparison, Size } from './comparison.ts';
import { floorAndServerSides } from './floor-and-server.ts';

/** So that even one stream at a time has a median. */
const TURNS_MIN = 5;
const TURN_SECONDS = (timing.firstMs + (timing.pieces - 1) * timing.pieceMs) / 1_000;

/** A streamed turn takes its time: a round is twice as long as one of operations that do not. */
export function streamsOf(concurrency: number, seconds: number): number {
  const turns = Math.max(2, Math.floor((2 * seconds) / TURN_SECONDS));
  return Math.max(TURNS_MIN, turns * concurrency);
}

export const streamNote =
  'Each stream was read to its end and compared with what the model said and with what is stored: no token lost.';

export const streamWarmUps: readonly Size[] = [{ concurrency: 100, count: 300 }];

/** A streamed turn of the floor and of the server, by a model that takes its time. */
export const streamMessage: Comparison = {
  title: 'A streamed turn (`POST /chat/:chatId/message`, `Accept: text/event-stream`)',
  note: streamNote,
  concurrencies: [1, 50, 200],
  columns: streamColumns,
  spread: turnCpuColumn,
  warmUps: streamWarmUps,
  countOf: streamsOf,
  sides: (lab) => floorAndServerSides(lab, 'stream-message'),
  verify: ({ mongo }) => expectSameDocuments(mongo),
};
