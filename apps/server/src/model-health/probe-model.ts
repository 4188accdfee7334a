import { setTimeout as delay } from 'node:timers/promises';
import type { ModelEndpoint } from '@parley/agent';
import { ApiError } from '@parley/contract';
import { namesInModelList, requestModel, requestModelList } from '../request-model-list.ts';
import type { ModelHealth, ModelNotice, ModelProblem } from './model-health.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
const CALL_MAX_MS = 10_000;
/** The interval of probes while the model's server cannot be used. */
const AGAIN_MS = 30_000;

/** The address of the model's server. */
type ModelServer = Pick<ModelEndpoint, 'baseUrl' | 'apiKey'>;
type ProbedServer = ModelServer & { readonly model?: string | undefined };

/** The model to watch, and the function that is called with a problem. */
export interface ModelProbeOptions {
  /**
   * Returns the server, and the default model of agents.
   *
   * @throws ApiError while there is none
   */
  readonly endpoint: () => ProbedServer;
  /** Until it is known: the server that has to name the model. */
  readonly server?: ModelServer | undefined;
  readonly health: ModelHealth;
  /** Is called with the first problem, and whenever the problem changes. */
  readonly onProblem: (notice: ModelNotice) => void;
  /** Ends the probes. */
  readonly signal: AbortSignal;
  readonly againMs?: number;
}

/**
 * Asks the model's server for its list of models, which costs nothing: once, and repeatedly while the server cannot
 * be used. Otherwise the calls of the model show whether it works. Settles when the signal aborts.
 */
export async function watchModel(options: ModelProbeOptions): Promise<void> {
  const { health, signal, againMs = AGAIN_MS } = options;
  let isProbed = false;
  let reported: string | undefined;
  while (!signal.aborted) {
    if (!isProbed || health.isServerUnusable) isProbed = await probe(options);
    const { notice } = health;
    if (notice && notice.message !== reported) options.onProblem(notice);
    reported = notice?.message;
    await delay(againMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Returns false while the model is loading: its state is not known yet. */
async function probe({ endpoint, server, health, signal }: ModelProbeOptions): Promise<boolean> {
  let target: ProbedServer;
  let isLoading = false;
  try {
    target = endpoint();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    isLoading = error.code === 'model_loading';
    health.noteProblem(error.code);
    if (!server || !isLoading) return !isLoading;
    target = server;
  }
  const found = await ask(target, signal);
  if (signal.aborted) return true;
  if (found === 'usable') health.noteUsable();
  else if (found) health.noteProblem(found);
  return !isLoading;
}

/** Undefined if the list is empty: not every server lists its models for every key. */
async function ask(
  { baseUrl = OPENAI_URL, apiKey, model }: ProbedServer,
  signal: AbortSignal,
): Promise<'usable' | ModelProblem | undefined> {
  let response: Response;
  try {
    response = await requestModelList({ baseUrl, apiKey }, { signal, withinMs: CALL_MAX_MS });
  } catch {
    return 'model_unreachable';
  }
  const text = await response.text().catch(() => '');
  if (response.status === 401) return 'model_key_refused';
  if (!response.ok) return undefined;
  if (/^\s*</.test(text)) return 'model_unreachable';
  if (isListed(text, model)) return 'usable';
  // Gateways accept models that they do not list, so only a server that knows its models reports a missing one.
  return (await lacks({ baseUrl, apiKey }, model, signal)) ? 'model_not_found' : undefined;
}

/** Whether a server reports that it does not have exactly this model. */
async function lacks(
  server: { readonly baseUrl: string; readonly apiKey: string },
  model: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (model === undefined) return false;
  try {
    const response = await requestModel(server, model, { signal, withinMs: CALL_MAX_MS });
    const text = await response.text();
    return response.status === 404 && /model_not_found|model\b[^.]{0,200}\bnot (?:found|exist)/i.test(text);
  } catch {
    return false;
  }
}

/** Returns whether a list may contain the model. Servers add tags and owners to names. */
function isListed(text: string, model: string | undefined): boolean {
  const ids = idsIn(text);
  if (model === undefined || ids.length === 0) return true;
  return ids.some((id) => id === model || id.startsWith(`${model}:`) || id.endsWith(`/${model}`));
}

function idsIn(text: string): string[] {
  try {
    return namesInModelList(JSON.parse(text));
  } catch {
    return [];
  }
}
