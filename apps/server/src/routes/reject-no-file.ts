import { ApiError } from '@parley/contract';
import type { FastifyInstance } from 'fastify';
import { apiErrorOfRequest, sendApiError } from '../error-reply.ts';

/** Rejects requests in a served folder that name no file of it with 404, for any form of path. */
export function rejectNoFile(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const isNoFile = error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500;
    void sendApiError(request, reply, isNoFile ? new ApiError('route_not_found') : apiErrorOfRequest(error));
  });
}
