import { type AgentBounds, ModelCircuits, type ModelServer, type ToolAddresses } from '@parley/agent';
import type { RateLimits, Services, StreamLimits, StreamTimes, TurnLimits } from '@parley/api';
import { ApiError, DEFAULT_PROVIDER, type ModelChoice } from '@parley/contract';
import type { Database } from '@parley/db';
import { startServices } from '@parley/host';
import type { TurnBounds, Turns } from '@parley/turns';
import type { FastifyInstance } from 'fastify';
import type { LogAddresses } from './attribute-request.ts';
import { buildServer, type ServerDeps } from './build-server.ts';
import type { TrustProxy } from './gate/client-address.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { ProviderHealths } from './model-health/provider-healths.ts';
import type { ModelSource } from './model-source.ts';
import type { WebApp } from './routes/web.ts';

/** The time that the last responses have to leave after all turns have ended. */
const LAST_WORDS_MS = 2_000;

/** A server that is built and does not listen yet, with the services behind it. */
export interface Composition {
  readonly app: FastifyInstance;
  readonly services: Services;
  readonly turns: Turns;
  readonly modelHealth: ProviderHealths;
  /**
   * Lets turns finish within `graceMs`, or until `force` aborts, returns the others to the queue, and closes the
   * server.
   */
  close(graceMs: number, force?: AbortSignal): Promise<void>;
}

/** Creates the server from a database and a model. It does not listen yet. */
export async function compose(deps: {
  readonly database: Database;
  readonly model: Pick<ModelSource, 'endpoint'>;
  /** Further model servers, by name. */
  readonly providers?: ReadonlyMap<string, ModelServer> | undefined;
  /** The models of agents that name none, in order. */
  readonly defaultModels?: readonly ModelChoice[] | undefined;
  readonly log: Log;
  /** The part of clients' addresses in the log. */
  readonly logAddresses?: LogAddresses | undefined;
  readonly contextTokens: number;
  readonly bounds?: Partial<TurnBounds>;
  readonly agentBounds?: Partial<AgentBounds>;
  readonly web?: WebApp | undefined;
  /** The folder of the built documentation. */
  readonly docsFolder?: string | undefined;
  readonly metrics?: Metrics | undefined;
  /** The proxies whose `X-Forwarded-For` is trusted. */
  readonly trustProxy?: TrustProxy | undefined;
  readonly connections?: ServerDeps['connections'];
  readonly connectionTimes?: ServerDeps['connectionTimes'];
  /** The addresses that tools may have. Default: public addresses only. */
  readonly toolAddresses?: ToolAddresses | undefined;
  /** The public addresses of this server's own pages. */
  readonly publicUrls?: readonly string[] | undefined;
  /** The maximum number of unfinished turns. Without it, only teams that have set a limit have one. */
  readonly turnLimits?: TurnLimits | undefined;
  /** The bytes that the files of one team can take. */
  readonly teamFilesBytesMax?: number | undefined;
  /** The maximum number of open streams. */
  readonly streamLimits?: Partial<StreamLimits> | undefined;
  readonly streamTimes?: Partial<StreamTimes> | undefined;
  /** The metrics of this process, if it has any. */
  readonly rateLimits?: RateLimits | undefined;
}): Promise<Composition> {
  const { database, model, log, metrics } = deps;
  const modelHealth = new ProviderHealths(deps.providers?.keys() ?? [], () => defaultModelOf(model));
  const circuits = new ModelCircuits(deps.agentBounds);
  const running = startServices({
    database,
    endpoint: model.endpoint,
    ...{ providers: deps.providers, defaultModels: deps.defaultModels },
    contextTokens: deps.contextTokens,
    log: (level, event, fields) => log[level](fields, event),
    rateLimits: deps.rateLimits,
    turnLimits: deps.turnLimits,
    teamFilesBytesMax: deps.teamFilesBytesMax,
    streamLimits: deps.streamLimits,
    streamTimes: deps.streamTimes,
    publicUrls: deps.publicUrls,
    toolAddresses: deps.toolAddresses,
    bounds: deps.bounds,
    agentBounds: deps.agentBounds,
    circuits,
    onModelEnd(end) {
      modelHealth.noteEnd(end);
      metrics?.countModelEnd(end);
    },
    watchAgent: metrics?.watchAgent,
    onToolFailure: metrics && (({ reason }) => metrics.countToolFailure(reason)),
  });
  const { services } = running;
  const { turns } = services;
  const health = {
    isDraining: () => turns.isDraining,
    isDatabaseReachable: () => database.isReachable(),
    inspectDatabase: () => database.inspect(),
    missingUniqueIndexes: () => database.missingUniqueIndexes(),
    modelNotice: () => modelHealth.notice,
  };
  const { web, docsFolder, trustProxy, connections, connectionTimes } = deps;
  metrics?.watchTurns(turns);
  metrics?.watchCircuits(circuits, [DEFAULT_PROVIDER, ...(deps.providers?.keys() ?? [])]);
  const app = await buildServer({
    services,
    health,
    log,
    logAddresses: deps.logAddresses,
    web,
    docsFolder,
    trustProxy,
    metrics,
    connections,
    connectionTimes,
  });
  return {
    app,
    services,
    turns,
    modelHealth,
    async close(graceMs, force) {
      await running.drain(graceMs, force);
      // Responses that are not fully sent may finish, but a client that does not read does not delay the stop.
      const late = setTimeout(() => app.server.closeAllConnections(), LAST_WORDS_MS);
      await app.close().finally(() => clearTimeout(late));
      await running.close();
    },
  };
}

function defaultModelOf({ endpoint }: Pick<ModelSource, 'endpoint'>): string | undefined {
  try {
    return endpoint().model;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
