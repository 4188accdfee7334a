import { Refusal } from '@parley/contract';
import type { DatabaseState } from '@parley/db';
import type { FastifyInstance } from 'fastify';
import { UNNAMED_PROXY_ADVICE, type UnnamedProxyNotice } from '../gate/unnamed-proxy.ts';
import { sendRefusal } from '../refusal-reply.ts';

export interface Health {
  isDraining(): boolean;
  isDatabaseReachable(): Promise<boolean>;
  inspectDatabase(): Promise<DatabaseState>;
}

interface HealthParts {
  readonly health: Health;
  readonly unnamedProxy: UnnamedProxyNotice;
}

/** `/readyz` has no rate limit: its database read is shared by all who ask within this time. */
const REACHABLE_MS = 250;
/** How long what was found of the database is told: balancers ask every few seconds. */
const INSPECTION_MS = 60_000;

/** `/healthz`: the process lives and answers. `/readyz`: it may be sent requests. */
export async function healthDoor(app: FastifyInstance, { health, unnamedProxy }: HealthParts): Promise<void> {
  let inspected: { readonly at: number; readonly state: Promise<DatabaseState | undefined> } | undefined;
  /** Undefined where it could not be found out: that is no reason to be sent no requests. */
  const inspect = (): Promise<DatabaseState | undefined> => {
    if (!inspected || performance.now() - inspected.at > INSPECTION_MS) {
      inspected = { at: performance.now(), state: health.inspectDatabase().catch(() => undefined) };
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
    if (health.isDraining()) return sendRefusal(request, reply, new Refusal('draining'));
    if (!(await isReachable())) {
      return sendRefusal(request, reply, new Refusal('database_unavailable'));
    }
    const database = await inspect();
    const notices = unnamedProxy.isRecent
      ? [{ code: 'proxy_not_trusted', message: UNNAMED_PROXY_ADVICE }]
      : [];
    return { status: 'ready', ...(database && { database }), ...(notices.length > 0 && { notices }) };
  });
}
