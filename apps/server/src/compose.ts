import { type AgentBounds, createRunAgent, problemOfToolUrl, type ToolAddresses } from '@parley/agent';
import { RateLimiter, type RateLimits, type Services, type TurnLimits } from '@parley/api';
import { limits } from '@parley/contract';
import type { Database } from '@parley/db';
import { startTurns, systemClock, type TurnBounds, type Turns } from '@parley/turns';
import type { FastifyInstance } from 'fastify';
import { buildServer } from './build-server.ts';
import type { TrustProxy } from './client-address.ts';
import type { WebApp } from './doors/web.ts';
import { jobsOf, startHousekeeping } from './housekeeping.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ModelSource } from './model-source.ts';

/** No text has more bytes than this per token, as the context estimates them: what is read always suffices. */
const BYTES_PER_TOKEN_MAX = 2.5;

/** How long the last answers may take to leave, once nothing runs any more. */
const LAST_WORDS_MS = 2_000;

export interface Composition {
  readonly app: FastifyInstance;
  readonly services: Services;
  readonly turns: Turns;
  /** Answers what runs within `graceMs`, or until `hurry` aborts, hands over the rest, closes the server. */
  close(graceMs: number, hurry?: AbortSignal): Promise<void>;
}

/** Puts the server together from a database and a model. It does not listen yet. */
export async function compose(parts: {
  readonly database: Database;
  readonly model: Pick<ModelSource, 'endpoint'>;
  readonly log: Log;
  readonly contextTokens: number;
  readonly bounds?: Partial<TurnBounds>;
  readonly agentBounds?: Partial<AgentBounds>;
  readonly web?: WebApp | undefined;
  readonly metrics?: Metrics | undefined;
  /** The proxies whose word for a client's address is taken. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Where agents' tools may be; on the public internet alone unless said otherwise. */
  readonly toolAddresses?: ToolAddresses | undefined;
  /** Unfinished turns at a time; without them there is no bound but what teams set. */
  readonly turnLimits?: TurnLimits | undefined;
  /** Without them there are none. */
  readonly rateLimits?: RateLimits | undefined;
}): Promise<Composition> {
  const { database, model, log, contextTokens, metrics } = parts;
  const { toolAddresses = { arePrivateAllowed: false } } = parts;
  const runAgent = createRunAgent({
    endpoint: model.endpoint,
    contextTokens,
    toolAddresses,
    onToolFailure: ({ id, reason, ...call }) => {
      log.warn({ turn: id, reason, ...call }, 'a tool gave no result');
      metrics?.countToolFailure(reason);
    },
    bounds: parts.agentBounds,
  });
  const turns = startTurns({
    store: database.stores,
    runAgent: metrics ? metrics.watchAgent(runAgent) : runAgent,
    checkModel: model.endpoint,
    clock: systemClock,
    log: (level, event, fields) => log[level](fields, event),
    bounds: {
      leaseMs: limits.leaseMs,
      tickMs: limits.tickMs,
      sendWaitMaxMs: limits.sendWaitMaxMs,
      cancelWaitMaxMs: limits.cancelWaitMaxMs,
      runningTurnsMax: limits.runningTurnsMax,
      queuedTurnsPerChatMax: limits.queuedTurnsPerChatMax,
      takeoversMax: limits.takeoversMax,
      countEveryMs: limits.usageCountEveryMs,
      historyBytesMax: contextTokens * BYTES_PER_TOKEN_MAX,
      ...parts.bounds,
    },
  });
  const rates = parts.rateLimits && {
    limits: parts.rateLimits,
    limiter: new RateLimiter({
      counts: database.stores.requestCounts,
      log: (event, fields) => log.warn(fields, event),
    }),
  };
  const services: Services = {
    stores: database.stores,
    turns,
    rates,
    turnLimits: parts.turnLimits,
    problemOfToolUrl: (url) => problemOfToolUrl(url, toolAddresses),
  };
  const health = {
    isDraining: () => turns.isDraining,
    isDatabaseReachable: () => database.isReachable(),
  };
  const { web, trustProxy } = parts;
  metrics?.watchTurns(turns);
  const eraser = { deletions: database.stores.deletions, dropChat: turns.dropChat };
  const housekeeping = startHousekeeping(jobsOf(eraser, database.stores, turns, log), log);
  const app = await buildServer({ services, health, log, web, trustProxy, metrics });
  return {
    app,
    services,
    turns,
    async close(graceMs, hurry) {
      const tidied = housekeeping.close();
      await turns.drain(graceMs, hurry);
      // What was said last may still leave; a client that does not take it keeps nobody from stopping.
      const late = setTimeout(() => app.server.closeAllConnections(), LAST_WORDS_MS);
      await app.close().finally(() => clearTimeout(late));
      await Promise.all([tidied, rates?.limiter.close()]);
    },
  };
}
