import { ApiError } from '@parley/contract';
import type { DatabaseState } from '@parley/db';
import type { FastifyInstance } from 'fastify';
import { sendApiError } from '../error-reply.ts';
import { UNNAMED_PROXY_ADVICE, type UnnamedProxyNotice } from '../gate/unnamed-proxy.ts';
import type { ModelNotice } from '../model-health/model-health.ts';

/** The state that `/healthz` and `/readyz` report. */
export interface Health {
  isDraining(): boolean;
  isDatabaseReachable(): Promise<boolean>;
  inspectDatabase(): Promise<DatabaseState>;
  /** The missing unique indexes. Until they are built, a write could be duplicated. */
  missingUniqueIndexes(): readonly string[];
  /** The problem of the model, if there is one. It does not affect readiness. */
  modelNotice(): ModelNotice | undefined;
}

interface HealthDeps {
  readonly health: Health;
  readonly unnamedProxy: UnnamedProxyNotice;
}

/** `/readyz` has no rate limit, so all requests within this time share one database read. */
const REACHABLE_MS = 250;
/** The time that the state of the database is cached: load balancers ask every few seconds. */
const INSPECTION_MS = 60_000;
/** The shorter time while an index is missing, because its operator watches the build. */
const BUILD_INSPECTION_MS = 5_000;

/** Adds `/healthz` (the process is alive) and `/readyz` (it may receive requests). */
export async function healthRoutes(
  app: FastifyInstance,
  { health, unnamedProxy }: HealthDeps,
): Promise<void> {
  let inspected: { until: number; readonly state: Promise<DatabaseState | undefined> } | undefined;
  /** Undefined if it could not be read. It does not affect readiness. */
  const inspect = (): Promise<DatabaseState | undefined> => {
    if (!inspected || performance.now() > inspected.until) {
      const state = health.inspectDatabase().catch(() => undefined);
      const current = { until: performance.now() + INSPECTION_MS, state };
      inspected = current;
      void state.then((found) => {
        if (found?.missingIndexes !== 0) current.until = performance.now() + BUILD_INSPECTION_MS;
      });
    }
    return inspected.state;
  };

  let reachable: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
  const isReachable = (): Promise<boolean> => {
    if (!reachable || performance.now() - reachable.at > REACHABLE_MS) {
      reachable = { at: performance.now(), answer: health.isDatabaseReachable() };
    }
    return reachable.answer;
  };

  const config = { gate: 'unlimited' } as const;
  app.get('/healthz', { config }, async () => ({ status: 'ok' }));

  app.get('/readyz', { config }, async (request, reply) => {
    if (health.isDraining()) return sendApiError(request, reply, new ApiError('draining'));
    if (!(await isReachable())) {
      return sendApiError(request, reply, new ApiError('database_unavailable'));
    }
    const missing = health.missingUniqueIndexes();
    if (missing.length > 0) {
      const detail = `It waits for ${missing.join(', ')}.`;
      return sendApiError(request, reply, new ApiError('database_preparing', { detail }));
    }
    const database = await inspect();
    const ofModel = health.modelNotice();
    const notices = [
      ...(unnamedProxy.isRecent ? [{ code: 'proxy_not_trusted', message: UNNAMED_PROXY_ADVICE }] : []),
      ...(ofModel ? [ofModel] : []),
    ];
    return { status: 'ready', ...(database && { database }), ...(notices.length > 0 && { notices }) };
  });
}
