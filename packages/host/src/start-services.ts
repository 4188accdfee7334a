import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type AgentBounds,
  createFetchText,
  createRunAgent,
  listModels,
  type ModelEndpoint,
  type ModelServer,
  problemOfToolUrl,
  type RunAgent,
  type RunAgentOptions,
  type ToolAddresses,
} from '@parley/agent';
import {
  createKeySets,
  Gate,
  GuestNetworks,
  LargeLists,
  largeListBounds,
  OpenStreams,
  ownOrigins,
  RateLimiter,
  type RateLimits,
  type Services,
  type StreamLimits,
  type StreamTimes,
  type TurnLimits,
} from '@parley/api';
import { ApiError, limits, type MessageFile, type ModelChoice } from '@parley/contract';
import type { Database } from '@parley/db';
import { type OperatorLog, startTurns, systemClock, type TurnBounds, TurnScheduler } from '@parley/turns';
import { jobsOf, startBackgroundJobs } from './background-jobs.ts';

/** The maximum number of bytes per estimated token, so that enough of the history is read. */
const BYTES_PER_TOKEN_MAX = 2.5;

/** Receives events for operators. Fields contain ids, counts and errors, never content. */
export type HostLog = OperatorLog;

/** The time in which a file of 10 MiB is read from the database, with a wide margin. */
const FILE_READ_MAX_MS = 30_000;

/** The maximum size of an issuer's key set, which contains a few keys. */
const KEY_SET_BOUNDS = { timeoutMs: 5_000, responseBytesMax: 256 * 1024 } as const;

/** The dependencies and settings of `startServices`. */
export interface HostDeps {
  /** The result of `connectDatabase`. The host closes it after the services. */
  readonly database: Pick<Database, 'stores' | 'maintain' | 'allowsVersions'>;
  /** Returns the model, for every answer. May throw an ApiError while there is none. */
  readonly endpoint: () => ModelEndpoint;
  /** Further servers that agents' models may be at, by the names that agents use. Default: none. */
  readonly providers?: ReadonlyMap<string, ModelServer> | undefined;
  /** The models of agents that name none, in order. Default: the endpoint's own. */
  readonly defaultModels?: readonly ModelChoice[] | undefined;
  /** The token budget of the history, estimated. Default: 6,000. */
  readonly contextTokens?: number | undefined;
  /** The log. Default: none. */
  readonly log?: HostLog | undefined;
  /** The rate limits per minute, over all processes. Default: none. */
  readonly rateLimits?: RateLimits | undefined;
  /** The maximum number of unfinished answers. Default: only the limits that teams set. */
  readonly turnLimits?: TurnLimits | undefined;
  /** The bytes that the files of one team can take. Default: as documented. */
  readonly teamFilesBytesMax?: number | undefined;
  /** The maximum number of open streams in this process. Default: as documented. */
  readonly streamLimits?: Partial<StreamLimits> | undefined;
  /** The interval at which the credentials of open streams are read again. Default: two seconds. */
  readonly streamTimes?: Partial<StreamTimes> | undefined;
  /** The public addresses of this server's own pages, such as `https://chat.example.com`. Default: none. */
  readonly publicUrls?: readonly string[] | undefined;
  /** The addresses that tools may have. Default: public addresses only. */
  readonly toolAddresses?: ToolAddresses | undefined;
  /** Is called for each tool call without a result, in addition to the log. */
  readonly onToolFailure?: RunAgentOptions['onToolFailure'];
  /** Called with the result of each model call. */
  readonly onModelEnd?: RunAgentOptions['onModelEnd'];
  /** Called when a model could not answer and the next one is called, in addition to the log. */
  readonly onModelFallback?: RunAgentOptions['onFallback'];
  /** The circuits of the models, for metrics. */
  readonly circuits?: RunAgentOptions['circuits'];
  readonly bounds?: Partial<TurnBounds> | undefined;
  readonly agentBounds?: Partial<AgentBounds> | undefined;
  /** Wraps each answer, for example to measure it. */
  readonly watchAgent?: ((runAgent: RunAgent) => RunAgent) | undefined;
}

/** Running services. They answer messages, also those that another process left unfinished. */
export interface RunningServices {
  /** The services for `createContext`. */
  readonly services: Services;
  /**
   * Lets turns finish within `graceMs` (or until `force` aborts), returns the others to the queue, and ends all
   * readers.
   */
  drain(graceMs: number, force?: AbortSignal): Promise<void>;
  /** Ends the background work. Call it after `drain` and the last request, and before the database is closed. */
  close(): Promise<void>;
}

/** Starts the services behind the router, once per process. */
export function startServices(deps: HostDeps): RunningServices {
  const { database, endpoint, contextTokens = limits.contextTokensDefault, log = () => undefined } = deps;
  const { providers, defaultModels } = deps;
  const checkModel = providers?.size
    ? () => checkProviders({ endpoint, providers, defaultModels })
    : endpoint;
  const { toolAddresses = { arePrivateAllowed: false } } = deps;
  const fetchText = createFetchText(toolAddresses);
  const { runningTurnsMax = limits.runningTurnsMax } = deps.bounds ?? {};
  const runAgent = createRunAgent({
    endpoint,
    ...{ providers, defaultModels, circuits: deps.circuits, onModelEnd: deps.onModelEnd },
    contextTokens,
    toolAddresses,
    readFile: (file) => readFile(database.stores.files, file),
    onToolFailure(call) {
      const { id, ...failure } = call;
      log('warn', 'a tool gave no result', { turn: id, ...failure });
      deps.onToolFailure?.(call);
    },
    onFallback(fallback) {
      const { id, error, next } = fallback;
      log(error.needsOperator ? 'error' : 'warn', 'a model could not answer; another one is asked', {
        ...{ turn: id, code: error.code, ...error.logFields },
        ...{ nextProvider: next.provider, nextModel: next.model },
      });
      deps.onModelFallback?.(fallback);
    },
    bounds: deps.agentBounds,
  });
  const turns = startTurns({
    store: database.stores,
    runAgent: deps.watchAgent?.(runAgent) ?? runAgent,
    checkModel,
    allowsVersions: database.allowsVersions,
    clock: systemClock,
    log,
    bounds: {
      leaseMs: limits.leaseMs,
      tickMs: limits.tickMs,
      sendWaitMaxMs: limits.sendWaitMaxMs,
      cancelWaitMaxMs: limits.cancelWaitMaxMs,
      runningTurnsMax,
      // The same number of turns can wait.
      waitingTurnsMax: runningTurnsMax,
      runningPerAddressMax: limits.runningPerAddressMax,
      waitingPerAddressMax: limits.waitingPerAddressMax,
      queuedTurnsPerChatMax: limits.queuedTurnsPerChatMax,
      takeoversMax: limits.takeoversMax,
      countEveryMs: limits.usageCountEveryMs,
      historyBytesMax: contextTokens * BYTES_PER_TOKEN_MAX,
      ...deps.bounds,
    },
  });
  const limiter =
    deps.rateLimits &&
    new RateLimiter({
      counts: database.stores.requestCounts,
      log: (event, fields) => log('warn', event, fields),
    });
  const { stores } = database;
  const streams = new OpenStreams({
    credentials: stores.credentials,
    limits: deps.streamLimits,
    times: deps.streamTimes,
    log: (event, fields) => log('info', event, fields),
  });
  const eraser = { deletions: stores.deletions, dropChat: turns.dropChat };
  const maintenance = database.maintain(log);
  const jobs = startBackgroundJobs(jobsOf(eraser, stores, turns, log), log);
  return {
    services: {
      stores,
      turns,
      streams,
      largeLists: new LargeLists(new TurnScheduler(largeListBounds)),
      gate: limiter && deps.rateLimits && new Gate(limiter, deps.rateLimits),
      guestNetworks: new GuestNetworks(stores.visitors),
      turnLimits: deps.turnLimits,
      teamFilesBytesMax: deps.teamFilesBytesMax ?? limits.teamFilesBytesMax,
      isOwnOrigin: ownOrigins(deps.publicUrls),
      modelProviders: new Set(providers?.keys()),
      problemOfToolUrl: (url) => problemOfToolUrl(url, toolAddresses),
      keySets: createKeySets((url) => fetchText({ url, ...KEY_SET_BOUNDS })),
    },
    async drain(graceMs, force) {
      const tidied = jobs.close();
      await turns.drain(graceMs, force);
      await tidied;
    },
    async close() {
      await Promise.all([limiter?.close(), maintenance.close()]);
    },
  };
}

/** Reads a whole file, of at most 10 MiB, for a call of a model. Undefined if it was deleted. */
async function readFile(
  files: Pick<Database['stores']['files'], 'read'>,
  file: MessageFile,
): Promise<Uint8Array | undefined> {
  try {
    return await buffer(addAbortSignal(AbortSignal.timeout(FILE_READ_MAX_MS), files.read(file)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The answering agent is not known yet, and may name another provider than the default models. */
function checkProviders(sources: Parameters<typeof listModels>[1]): void {
  try {
    listModels({}, sources);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'model_not_configured') throw error;
  }
}
