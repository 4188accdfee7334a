import { type AppRouter, appRouter, refusalOf, responseMeta, type Services, toTrpcError } from '@parley/api';
import { limits, Refusal, toEnvelope } from '@parley/contract';
import {
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
  fastifyTRPCPlugin,
} from '@trpc/server/adapters/fastify';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { FastifyInstance } from 'fastify';
import { refusalOfRequest, sendRefusal } from '../refusal-reply.ts';
import { contextOf } from './request-context.ts';

/** The router at `/trpc`, as @trpc/client speaks to it. */
export async function trpcDoor(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  // What is refused before tRPC sees it keeps tRPC's shape all the same: its clients parse nothing else.
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOfRequest(error);
    const { code } = toTrpcError(refusal);
    const data = { code, httpStatus: refusal.status, refusal: toEnvelope(refusal, request.id) };
    const shape = { message: refusal.message, code: TRPC_ERROR_CODES_BY_KEY[code], data };
    void sendRefusal(request, reply, refusal, { error: shape });
  });

  // The adapter takes every method there is, and breaks on those that fetch does not know.
  app.addHook('onRequest', async ({ method }, reply) => {
    if (method === 'GET' || method === 'POST') return;
    reply.header('allow', 'GET, POST');
    throw new Refusal('method_not_allowed');
  });

  const trpcOptions: FastifyTRPCPluginOptions<AppRouter>['trpcOptions'] = {
    router: appRouter,
    maxBatchSize: limits.batchCallsMax,
    createContext: ({ req, res, info }: CreateFastifyContextOptions) =>
      contextOf(services, req, res, { hangUp: () => info.signal, calls: info.calls.length }),
    onError: ({ error, req }) => {
      req.refusal = refusalOf(error);
    },
    responseMeta,
  };
  await app.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions,
  } satisfies FastifyTRPCPluginOptions<AppRouter>);
}
