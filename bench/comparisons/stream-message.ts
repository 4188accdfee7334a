import type { ServerSubject } from '../lab/lab.ts';
import { expectSameDocuments } from '../lab/same-documents.ts';
import { timing } from '../script.ts';
import { streamColumns, turnCpuColumn } from './columns.ts';
import type { Comparison, Side, Sides, Size } from './comparison.ts';
import { floorAndServerSides } from './floor-and-server.ts';

/** So that even one stream at a time has a median. */
const TURNS_MIN = 5;
const TURN_SECONDS = (timing.firstMs + (timing.pieces - 1) * timing.pieceMs) / 1_000;

/** A streamed turn takes its time: a round is twice as long as one of operations that do not. */
function streamsOf(concurrency: number, seconds: number): number {
  const turns = Math.max(2, Math.floor((2 * seconds) / TURN_SECONDS));
  return Math.max(TURNS_MIN, turns * concurrency);
}

const streamNote =
  'Each stream was read to its end and compared with the model’s text and the stored answer: no token lost.';

const streamWarmUps: readonly Size[] = [{ concurrency: 100, count: 300 }];

/** How a streamed turn is measured, for both sides. */
export const streamedTurn = {
  note: streamNote,
  columns: streamColumns,
  spread: turnCpuColumn,
  warmUps: streamWarmUps,
  countOf: streamsOf,
} satisfies Partial<Comparison>;

/** Two servers made for a comparison, each asked for streamed turns. */
export function withoutAndWith(without: ServerSubject, withIt: ServerSubject): Sides {
  const loadOf: Side['loadOf'] = (size) => ({ operation: 'stream-message', ...size });
  return [
    { name: 'without', subject: without, loadOf },
    { name: 'with', subject: withIt, loadOf },
  ];
}

/** A streamed turn of the floor and of the server, by a model that takes its time. */
export const streamMessage: Comparison = {
  title: 'A streamed turn (`POST /chat/:chatId/message`, `Accept: text/event-stream`)',
  ...streamedTurn,
  concurrencies: [1, 50, 200],
  sides: (lab) => floorAndServerSides(lab, 'stream-message'),
  verify: ({ mongo }) => expectSameDocuments(mongo),
};
