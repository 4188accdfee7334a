import { Refusal } from '@parley/contract';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from '../refusal-reply.ts';

export interface Health {
  isDraining(): boolean;
  isDatabaseReachable(): Promise<boolean>;
}

/** `/healthz`: the process lives and answers. `/readyz`: it may be sent requests. */
export async function healthDoor(app: FastifyInstance, { health }: { health: Health }): Promise<void> {
  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async (request, reply) => {
    if (health.isDraining()) return sendRefusal(request, reply, new Refusal('draining'));
    if (!(await health.isDatabaseReachable())) {
      return sendRefusal(request, reply, new Refusal('database_unavailable'));
    }
    return { status: 'ready' };
  });
}
