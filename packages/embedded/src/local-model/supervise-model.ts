import { setTimeout as sleep } from 'node:timers/promises';
import { type ModelGate, type ModelGateOptions, openModelGate } from './model-gate.ts';
import type { Engine } from './start-engine.ts';

export interface ReadyLocalModel {
  phase: 'ready';
  /** Of its Chat Completions API. It stays the same for as long as this process lives. */
  baseUrl: string;
  model: string;
}

export interface FailedLocalModel {
  phase: 'failed';
  /** Why, and what to do. */
  detail: string;
}

export type LocalModelState =
  /** `detail` is one sentence that says how far it is. */
  { phase: 'downloading' | 'loading'; detail: string } | ReadyLocalModel | FailedLocalModel;

export interface LocalModel {
  /** Where it is now. A ready model that has to be restarted is `loading` for a moment. */
  state(): LocalModelState;
  /** How it went the first time: ready, failed, or stopped before either. Never rejects. */
  ready: Promise<ReadyLocalModel | FailedLocalModel>;
  /** Ends everything that was started and waits for it. */
  stop(): Promise<void>;
}

export interface SuperviseModelOptions<Files> {
  gate: ModelGateOptions;
  /** Gets the files; `tell` is called only when something has to be downloaded. */
  fetch(tell: (line: string) => void, signal: AbortSignal): Promise<Files>;
  /** Starts one engine and waits until it serves. */
  launch(files: Files, signal: AbortSignal): Promise<Engine>;
  onProgress: (line: string) => void;
  /** How often in a row an engine that served once is started again. Default: 5. */
  restartsMax?: number;
  /** Before the first restart, doubled for each next. Default: 500. */
  restartDelayMs?: number;
  /** An engine that served this long counts as sound: the row starts anew. Default: one minute. */
  soundAfterMs?: number;
}

/**
 * Fetches, starts and keeps alive one local model, in the background. An engine that dies is replaced behind
 * the same address; one that never served is not tried again, because it would fail the same way.
 */
export function superviseModel<Files>(options: SuperviseModelOptions<Files>): LocalModel {
  const stopping = new AbortController();
  const settled = Promise.withResolvers<ReadyLocalModel | FailedLocalModel>();
  let state: LocalModelState = LOADING;
  const enter = (next: LocalModelState) => {
    state = next;
    if (next.phase === 'ready' || next.phase === 'failed') settled.resolve(next);
  };
  const ended = live({ options, enter, signal: stopping.signal }).catch((error: unknown) => {
    if (stopping.signal.aborted) return enter(STOPPED);
    const failed = failedBecause(error);
    enter(failed);
    options.onProgress(failed.detail);
  });
  return {
    state: () => state,
    ready: settled.promise,
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

const LOADING: LocalModelState = { phase: 'loading', detail: 'The local model is being loaded.' };
const RESTARTING: LocalModelState = {
  phase: 'loading',
  detail: 'The local model stopped and is being started again.',
};
const STOPPED: FailedLocalModel = { phase: 'failed', detail: 'The local model was stopped.' };

function failedBecause(error: unknown): FailedLocalModel {
  const reason = error instanceof Error ? error.message : String(error);
  const detail =
    `There is no local model: ${reason.replace(/\.$/, '')}. Set OPENAI_API_KEY, or OPENAI_BASE_URL for any ` +
    'compatible server; the next start tries the local model again.';
  return { phase: 'failed', detail };
}

interface Life<Files> {
  options: SuperviseModelOptions<Files>;
  enter(state: LocalModelState): void;
  signal: AbortSignal;
}

async function live<Files>(life: Life<Files>): Promise<never> {
  const { options, enter, signal } = life;
  const { restartsMax = 5, restartDelayMs = 500, soundAfterMs = 60_000, onProgress } = options;
  const files = await fetchFiles(life);
  enter(LOADING);
  await using gate = await openModelGate(options.gate);
  let hasServed = false;
  let endsInARow = 0;
  for (;;) {
    const { reason, servedMs } = await serveOnce(life, { gate, files });
    signal.throwIfAborted();
    hasServed ||= servedMs !== undefined;
    if (!hasServed) throw new Error(reason);
    endsInARow = servedMs !== undefined && servedMs >= soundAfterMs ? 1 : endsInARow + 1;
    if (endsInARow > restartsMax) {
      throw new Error(`it ended ${endsInARow} times in a row, at last because ${reason}`);
    }
    const delayMs = restartDelayMs * 2 ** (endsInARow - 1);
    enter(RESTARTING);
    onProgress(`The local model stopped: ${reason}. It is started again in ${delayMs} ms.`);
    await sleep(delayMs, undefined, { signal });
  }
}

async function fetchFiles<Files>({ options, enter, signal }: Life<Files>): Promise<Files> {
  let fetching = true;
  const tell = (line: string) => {
    // A late line about a download that is over says nothing true any more.
    if (!fetching) return;
    enter({ phase: 'downloading', detail: line });
    options.onProgress(line);
  };
  try {
    return await options.fetch(tell, signal);
  } finally {
    fetching = false;
  }
}

/** From one engine's start to its end. `servedMs` is missing if it never came up. */
async function serveOnce<Files>(
  { options, enter, signal }: Life<Files>,
  { gate, files }: { gate: ModelGate; files: Files },
): Promise<{ reason: string; servedMs: number | undefined }> {
  const launching = performance.now();
  let ready: number | undefined;
  const servedMs = () => (ready === undefined ? undefined : performance.now() - ready);
  try {
    await using engine = await options.launch(files, signal);
    ready = performance.now();
    const { model } = options.gate;
    gate.connect(engine);
    enter({ phase: 'ready', baseUrl: gate.baseUrl, model });
    options.onProgress(`The local model ${model} is ready, loaded in ${Math.round(ready - launching)} ms.`);
    return { reason: await endOrAbort(engine, signal), servedMs: servedMs() };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error), servedMs: servedMs() };
  } finally {
    gate.connect(undefined);
  }
}

async function endOrAbort(engine: Engine, signal: AbortSignal): Promise<string> {
  const { promise: aborted, resolve } = Promise.withResolvers<string>();
  const onAbort = () => resolve('it was stopped');
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([engine.ended, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
