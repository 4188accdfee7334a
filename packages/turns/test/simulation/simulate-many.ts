import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Report } from './simulate.ts';

/** The number of seeds that a worker gets at a time. */
const CHUNK = 250;

export interface Seeds {
  readonly from: number;
  readonly count: number;
  /** Whether to stop at the first broken promise. */
  readonly stopsAtFirst: boolean;
  readonly workers?: number | undefined;
}

export interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly stopsAtFirst: boolean;
}

export interface ChunkResult {
  readonly broken: readonly Report[];
  readonly run: number;
  readonly events: number;
  readonly turns: number;
  readonly rerun: number;
  readonly calls: number;
  /** The longest time that a run needed to settle after its last fault, in leases. */
  readonly settledLeases: number;
}

/** Runs many schedules in parallel and adds up their results. */
export async function simulateMany(
  { from, count, stopsAtFirst, workers = availableParallelism() }: Seeds,
  onProgress: (sum: ChunkResult) => void,
): Promise<ChunkResult> {
  let next = from;
  let sum: ChunkResult = { broken: [], run: 0, events: 0, turns: 0, rerun: 0, calls: 0, settledLeases: 0 };
  const isOver = () => next >= from + count || (stopsAtFirst && sum.broken.length > 0);
  const work = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    try {
      while (!isOver()) {
        const chunk: Chunk = { from: next, to: Math.min(next + CHUNK, from + count), stopsAtFirst };
        next = chunk.to;
        const result = await ask(worker, chunk);
        sum = add(sum, result);
        onProgress(sum);
      }
    } finally {
      await worker.terminate();
    }
  };
  const needed = Math.min(workers, Math.ceil(count / CHUNK));
  await Promise.all(Array.from({ length: needed }, work));
  return { ...sum, broken: sum.broken.toSorted((a, b) => a.seed - b.seed) };
}

function ask(worker: Worker, chunk: Chunk): Promise<ChunkResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ChunkResult>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.postMessage(chunk);
  return promise.finally(() => {
    worker.off('message', resolve);
    worker.off('error', reject);
  });
}

function add(a: ChunkResult, b: ChunkResult): ChunkResult {
  return {
    broken: [...a.broken, ...b.broken],
    run: a.run + b.run,
    events: a.events + b.events,
    turns: a.turns + b.turns,
    rerun: a.rerun + b.rerun,
    calls: a.calls + b.calls,
    settledLeases: Math.max(a.settledLeases, b.settledLeases),
  };
}
