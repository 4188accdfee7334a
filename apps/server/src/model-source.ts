import type { ModelEndpoint } from '@parley/agent';
import { ApiError, limits } from '@parley/contract';
import { detectModelServer } from './detect-model-servers.ts';
import { listModels } from './list-models.ts';
import { type Embedded, loadEmbedded } from './load-embedded.ts';

/** The default model of OpenAI. */
const OPENAI_DEFAULT_MODEL = 'gpt-5-mini';

/** The model that the server uses. */
export interface ModelSource {
  /**
   * Returns the model to call.
   *
   * @throws ApiError `model_not_configured` or `model_loading` while there is none
   */
  endpoint(): ModelEndpoint;
  /** A sentence for the start page: the model, and how to choose another. */
  readonly description: string;
  /** The server that has to name the model, if none is set. */
  readonly server?: Pick<ModelEndpoint, 'baseUrl' | 'apiKey'>;
  stop(): Promise<void>;
}

/** The settings that decide which model the server uses. */
export interface ModelSettings {
  readonly apiKey: string | undefined;
  readonly baseUrl: string | undefined;
  readonly model: string | undefined;
  /** The API of a configured server. Servers that are found on this machine use Chat Completions. */
  readonly api: 'chat' | 'responses';
  /** Whether some default model is at the default provider. */
  readonly isNeeded: boolean;
  readonly ollamaHost: string | undefined;
  readonly isLocalModelAllowed: boolean;
  readonly dataDir: string;
  /** The time limit for the first piece of an answer, if it is set. */
  readonly firstTokenMs: number | undefined;
  readonly ownPorts: readonly number[];
  readonly onProgress: (line: string) => void;
}

const HOW_TO_CHOOSE = 'Set OPENAI_API_KEY, or OPENAI_BASE_URL and OPENAI_MODEL, to use another.';
/** The key for servers without accounts, which ignore it; the protocol needs one. */
const NO_KEY = 'none';

/** The share of the local model's context for the history. The rest is for the question and the answer. */
const LOCAL_HISTORY_SHARE = 0.65;

/** Chooses the model: the configured one, a server that already runs on this machine, or a small local one. */
export async function chooseModel(settings: ModelSettings): Promise<ModelSource> {
  const { api, apiKey, baseUrl, model } = settings;
  if (baseUrl !== undefined) {
    return compatibleServer({ api, baseUrl, apiKey: apiKey ?? NO_KEY }, model, settings.onProgress);
  }
  if (apiKey !== undefined) return openai({ api, apiKey }, model ?? OPENAI_DEFAULT_MODEL);
  if (!settings.isNeeded)
    return withoutModel('at the providers of MODEL_PROVIDERS, as DEFAULT_MODELS names them.');
  const { ollamaHost, ownPorts } = settings;
  const found = await detectModelServer({ ownPorts, ollamaHost });
  if (found) {
    const name = model ?? found.model;
    return fixed(
      { baseUrl: found.baseUrl, apiKey: NO_KEY, model: name },
      `${name}, from the ${found.kind} server that runs here. ${HOW_TO_CHOOSE}`,
    );
  }
  if (!settings.isLocalModelAllowed) return noModel('LOCAL_MODEL is off');
  const embedded = await loadEmbedded();
  return embedded ? localModel(embedded, settings) : noModel('the local model is not installed');
}

function fixed(endpoint: ModelEndpoint, description: string): ModelSource {
  return { endpoint: () => endpoint, description, stop: async () => undefined };
}

function openai(server: Pick<ModelEndpoint, 'api' | 'apiKey'>, model: string): ModelSource {
  return fixed({ ...server, model }, `${model}, from OpenAI. Set OPENAI_MODEL to use another.`);
}

function compatibleServer(
  server: Pick<ModelEndpoint, 'api' | 'apiKey'> & { readonly baseUrl: string },
  model: string | undefined,
  onProgress: (line: string) => void,
): ModelSource {
  const { baseUrl, apiKey } = server;
  if (model !== undefined) {
    return fixed({ ...server, model }, `${model}, from ${new URL(baseUrl).origin}.`);
  }
  const stop = new AbortController();
  let first: string | undefined;
  const listing = listModels({ baseUrl, apiKey, signal: stop.signal, onProgress }).then((name) => {
    first = name;
    if (name) onProgress(`The model is ${name}, the first that ${new URL(baseUrl).origin} names.`);
  });
  return {
    endpoint() {
      if (first === undefined) {
        throw new ApiError('model_loading', {
          detail: "OPENAI_MODEL is not set, and the model's server has not named its models yet.",
        });
      }
      return { ...server, model: first };
    },
    description: `the first that ${new URL(baseUrl).origin} names. Set OPENAI_MODEL to use another.`,
    server: { baseUrl, apiKey },
    async stop() {
      stop.abort();
      await listing;
    },
  };
}

/**
 * The local model answers one request at a time, so its first piece may take the whole time of an answer, unless a
 * time is set.
 */
function localModel(
  { startLocalModel, localModelContextTokens, localModelNotice }: Embedded,
  { dataDir, firstTokenMs, onProgress }: ModelSettings,
): ModelSource {
  const local = startLocalModel({ dataDir, onProgress });
  return {
    endpoint() {
      const state = local.state();
      switch (state.phase) {
        case 'ready':
          return {
            baseUrl: state.baseUrl,
            apiKey: NO_KEY,
            model: state.model,
            contextTokens: Math.floor(localModelContextTokens * LOCAL_HISTORY_SHARE),
            firstPieceMaxMs: firstTokenMs ?? limits.turnTimeMaxMs,
          };
        case 'failed':
          throw new ApiError('model_not_configured', { detail: state.detail });
        default:
          throw new ApiError('model_loading', { detail: state.detail });
      }
    },
    description: `local, being prepared in the background. ${localModelNotice}`,
    stop: () => local.stop(),
  };
}

function noModel(reason: string): ModelSource {
  return withoutModel(`none: ${reason}. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server.`);
}

function withoutModel(description: string): ModelSource {
  return {
    endpoint() {
      throw new ApiError('model_not_configured');
    },
    description,
    stop: async () => undefined,
  };
}
