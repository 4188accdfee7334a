import type { Root } from 'hast';
import type { BlockSource } from './parse-markdown.ts';
import type { WorkerReply } from './parse-worker.ts';

/** A parsed block; `plain` for a text that is shown as it is, because parsing it takes too long or fails. */
export type ParsedBlock = Root | 'plain';

/** The time after which a block is given up. */
const parseMaxMs = 4_000;

interface Job {
  readonly source: BlockSource;
  readonly onDone: (block: ParsedBlock) => void;
}

let waiting: Job[] = [];
let running: Job | undefined;
let worker: Worker | undefined;
let isReady = false;
let deadline: ReturnType<typeof setTimeout> | undefined;

/** Parses a block in the worker. Returns a function that withdraws the job if it has not begun. */
export function parseInWorker(source: BlockSource, onDone: (block: ParsedBlock) => void): () => void {
  const job = { source, onDone };
  waiting.push(job);
  startNext();
  return () => {
    waiting = waiting.filter((each) => each !== job);
  };
}

/** Resolves when no block is being parsed. */
export async function whenParsed(): Promise<void> {
  while (running || waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

function startNext(): void {
  if (running || waiting.length === 0) return;
  try {
    worker ??= startWorker();
  } catch {
    // This browser has no such workers.
    giveUp();
    return;
  }
  // Loading the worker does not count towards the time of a job.
  if (!isReady) return;
  running = waiting.shift();
  deadline = setTimeout(giveUp, parseMaxMs);
  worker.postMessage(running?.source);
}

function startWorker(): Worker {
  const started = new Worker(new URL('./parse-worker.ts', import.meta.url), { type: 'module' });
  started.addEventListener('message', ({ data }: MessageEvent<WorkerReply>) => {
    if (data.type === 'ready') isReady = true;
    else finish(data.tree ?? 'plain');
    startNext();
  });
  // The worker could not be loaded, or it crashed. The next block tries again.
  started.addEventListener('error', giveUp);
  return started;
}

function giveUp(): void {
  worker?.terminate();
  worker = undefined;
  isReady = false;
  running ??= waiting.shift();
  finish('plain');
  startNext();
}

function finish(block: ParsedBlock): void {
  clearTimeout(deadline);
  const done = running;
  running = undefined;
  done?.onDone(block);
}
