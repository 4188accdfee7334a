import { Refusal } from '@parley/contract';
import type { DatabaseState } from '@parley/db';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from '../refusal-reply.ts';

export interface Health {
  isDraining(): boolean;
  isDatabaseReachable(): Promise<boolean>;
  inspectDatabase(): Promise<DatabaseState>;
}

/** How long what was found of the database is told: balancers ask every few seconds. */
const INSPECTION_MS = 60_000;

/** `/healthz`: the process lives and answers. `/readyz`: it may be sent requests. */
export async function healthDoor(app: FastifyInstance, { health }: { health: Health }): Promise<void> {
  let inspected: { readonly at: number; readonly state: Promise<DatabaseState | undefined> } | undefined;
  /** Undefined where it could not be found out: that is no reason to be sent no requests. */
  const inspect = (): Promise<DatabaseState | undefined> => {
    if (!inspected || performance.now() - inspected.at > INSPECTION_MS) {
      inspected = { at: performance.now(), state: health.inspectDatabase().catch(() => undefined) };
    }
    return inspected.state;
  };

  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async (request, reply) => {
    if (health.isDraining()) return sendRefusal(request, reply, new Refusal('draining'));
    if (!(await health.isDatabaseReachable())) {
      return sendRefusal(request, reply, new Refusal('database_unavailable'));
    }
    const database = await inspect();
    return { status: 'ready', ...(database && { database }) };
  });
}
