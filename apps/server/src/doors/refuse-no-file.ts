import { Refusal } from '@parley/contract';
import type { FastifyInstance } from 'fastify';
import { refusalOfRequest, sendRefusal } from '../refusal-reply.ts';

/** Where a folder is served: what names no file of it, in whatever way, is not there. */
export function refuseNoFile(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const isNoFile = error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500;
    void sendRefusal(request, reply, isNoFile ? new Refusal('route_not_found') : refusalOfRequest(error));
  });
}
