import {
  type AgentBounds,
  createFetchText,
  createRunAgent,
  type ModelEndpoint,
  problemOfToolUrl,
  type RunAgent,
  type RunAgentOptions,
  type ToolAddresses,
} from '@parley/agent';
import {
  createKeySets,
  Gate,
  LargeLists,
  OpenStreams,
  ownOrigins,
  RateLimiter,
  type RateLimits,
  type Services,
  type StreamLimits,
  type StreamTimes,
  type TurnLimits,
} from '@parley/api';
import { limits } from '@parley/contract';
import type { Database } from '@parley/db';
import { type OperatorLog, startTurns, systemClock, type TurnBounds } from '@parley/turns';
import { jobsOf, startBackgroundJobs } from './background-jobs.ts';

/** No text has more bytes than this per token, as the context estimates them: what is read always suffices. */
const BYTES_PER_TOKEN_MAX = 2.5;

/** Is told what operators should know. Fields name ids, counts and errors, never content. */
export type HostLog = OperatorLog;

/** What services are made of. */
/** The maximum size of an issuer's key set, which contains a few keys. */
const KEY_SET_BOUNDS = { timeoutMs: 5_000, responseBytesMax: 256 * 1024 } as const;

/** The dependencies and settings of `startServices`. */
export interface HostDeps {
  /** Of `connectDatabase`; whoever connected it closes it, after the services. */
  readonly database: Pick<Database, 'stores' | 'maintain'>;
  /** Asked for every answer: where the model is. May throw an ApiError while there is none. */
  readonly endpoint: () => ModelEndpoint;
  /** The history's budget, in estimated tokens. Default: 6,000. */
  readonly contextTokens?: number | undefined;
  /** Default: nobody is told. */
  readonly log?: HostLog | undefined;
  /** Requests a minute, over all processes. Without them there are no limits. */
  readonly rateLimits?: RateLimits | undefined;
  /** Unfinished answers at a time; without them there is no bound but what teams set. */
  readonly turnLimits?: TurnLimits | undefined;
  /** Streams that may be open at a time in this process. Default: as documented. */
  readonly streamLimits?: Partial<StreamLimits> | undefined;
  /** How often the credentials of open streams are read again. Default: every two seconds. */
  readonly streamTimes?: Partial<StreamTimes> | undefined;
  /** The addresses under which browsers open this server's own pages, such as `https://chat.example.com`. Default: none. */
  readonly publicUrls?: readonly string[] | undefined;
  /** The addresses that tools may have. Default: public addresses only. */
  readonly toolAddresses?: ToolAddresses | undefined;
  /** Is told of each call of a tool that gave no result, beside the log. */
  readonly onToolFailure?: RunAgentOptions['onToolFailure'];
  readonly bounds?: Partial<TurnBounds> | undefined;
  readonly agentBounds?: Partial<AgentBounds> | undefined;
  /** Puts something around each answer, to measure it, say. */
  readonly watchAgent?: ((runAgent: RunAgent) => RunAgent) | undefined;
}

/** Services that run: they answer messages, also those that another process left behind. */
export interface RunningServices {
  /** The services for `createContext`. */
  readonly services: Services;
  /** Lets what runs finish within `graceMs` (or until `force` aborts), hands over the rest, lets readers go. */
  drain(graceMs: number, force?: AbortSignal): Promise<void>;
  /** Ends what is left in the background: after `drain` and the last request, before the database is closed. */
  close(): Promise<void>;
}

/** Starts what the router works with: once in a process. */
export function startServices(deps: HostDeps): RunningServices {
  const { database, endpoint, contextTokens = limits.contextTokensDefault, log = () => undefined } = deps;
  const { toolAddresses = { arePrivateAllowed: false } } = deps;
  const fetchText = createFetchText(toolAddresses);
  const { runningTurnsMax = limits.runningTurnsMax } = deps.bounds ?? {};
  const runAgent = createRunAgent({
    endpoint,
    contextTokens,
    toolAddresses,
    onToolFailure(call) {
      const { id, ...failure } = call;
      log('warn', 'a tool gave no result', { turn: id, ...failure });
      deps.onToolFailure?.(call);
    },
    bounds: deps.agentBounds,
  });
  const turns = startTurns({
    store: database.stores,
    runAgent: deps.watchAgent?.(runAgent) ?? runAgent,
    checkModel: endpoint,
    clock: systemClock,
    log,
    bounds: {
      leaseMs: limits.leaseMs,
      tickMs: limits.tickMs,
      sendWaitMaxMs: limits.sendWaitMaxMs,
      cancelWaitMaxMs: limits.cancelWaitMaxMs,
      runningTurnsMax,
      // As many again wait.
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
      largeLists: new LargeLists(),
      gate: limiter && deps.rateLimits && new Gate(limiter, deps.rateLimits),
      turnLimits: deps.turnLimits,
      isOwnOrigin: ownOrigins(deps.publicUrls),
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
