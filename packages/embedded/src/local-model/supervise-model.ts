import { setTimeout as sleep } from 'node:timers/promises';
import { type ModelGate, type ModelGateOptions, openModelGate } from './model-gate.ts';
import type { Engine } from './start-engine.ts';

/** The model can be called. */
export interface ReadyLocalModel {
  phase: 'ready';
  /** The address of its Chat Completions API. It stays the same until this process ends. */
  baseUrl: string;
  model: string;
}

/** The model cannot be used. */
export interface FailedLocalModel {
  phase: 'failed';
  /** The reason, and what to do. */
  detail: string;
}

/** The state of the model. While it is fetched or loaded, `detail` is a sentence with the progress. */
export type LocalModelState =
  | { phase: 'downloading' | 'loading'; detail: string }
  | ReadyLocalModel
  | FailedLocalModel;

/** A local model that runs in the background. */
export interface LocalModel {
  /** The current state. A ready model is `loading` while it is restarted. */
  state(): LocalModelState;
  /** Resolves when the model is ready, has failed or was stopped for the first time. Never rejects. */
  ready: Promise<ReadyLocalModel | FailedLocalModel>;
  /** Stops the model and resolves when its processes have ended. */
  stop(): Promise<void>;
}

/** The parts of a model, and when to restart its engine. */
export interface SuperviseModelOptions<Files> {
  gate: ModelGateOptions;
  /** Fetches the files; `report` is called only when something is downloaded. */
  fetch(report: (line: string) => void, signal: AbortSignal): Promise<Files>;
  /** Starts an engine and resolves when it accepts requests. */
  launch(files: Files, signal: AbortSignal): Promise<Engine>;
  onProgress: (line: string) => void;
  /** The maximum number of consecutive restarts. Default: 5. */
  restartsMax?: number;
  /** The pause before the first restart; it doubles with each further one. Default: 500. */
  restartDelayMs?: number;
  /** An engine that ran this long resets the count of restarts. Default: one minute. */
  stableAfterMs?: number;
}

/**
 * Fetches and starts a local model in the background, and restarts its engine at the same address when it ends. An engine that
 * never became ready is not restarted, because it would fail again.
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
  const { restartsMax = 5, restartDelayMs = 500, stableAfterMs = 60_000, onProgress } = options;
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
    endsInARow = servedMs !== undefined && servedMs >= stableAfterMs ? 1 : endsInARow + 1;
    if (endsInARow > restartsMax) {
      throw new Error(`it ended ${endsInARow} times in a row, most recently because ${reason}`);
    }
    const delayMs = restartDelayMs * 2 ** (endsInARow - 1);
    enter(RESTARTING);
    onProgress(`The local model stopped: ${reason}. It is started again in ${delayMs} ms.`);
    await sleep(delayMs, undefined, { signal });
  }
}

async function fetchFiles<Files>({ options, enter, signal }: Life<Files>): Promise<Files> {
  let fetching = true;
  const report = (line: string) => {
    // A late line about a finished download would be wrong.
    if (!fetching) return;
    enter({ phase: 'downloading', detail: line });
    options.onProgress(line);
  };
  try {
    return await options.fetch(report, signal);
  } finally {
    fetching = false;
  }
}

/** Runs one engine from its start to its end. `servedMs` is undefined if it never became ready. */
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
