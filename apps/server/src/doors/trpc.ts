import {
  type AppRouter,
  appRouter,
  bodyBoundsOf,
  refusalOf,
  rejectComplexJson,
  responseMeta,
  toTrpcError,
} from '@parley/api';
import { limits, Refusal, toEnvelope } from '@parley/contract';
import {
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
  fastifyTRPCPlugin,
} from '@trpc/server/adapters/fastify';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { proceduresOf } from '../gate/gate-hook.ts';
import { refusalOfRequest, sendRefusal } from '../refusal-reply.ts';

/** The router at `/trpc`, as @trpc/client speaks to it. */
export async function trpcDoor(app: FastifyInstance): Promise<void> {
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

  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, gate: 'trpc' };
    route.bodyLimit = limits.batchBodyBytesMax;
  });
  // One call has the bounds of its procedure; only a batch has those of the route.
  app.addHook('onRequest', async (request) => {
    rejectLarge(request, Number(request.headers['content-length'] ?? 0));
  });
  app.addHook('preValidation', async (request) => {
    const { input } = request.query as { input?: unknown };
    for (const json of [request.body, input]) {
      if (typeof json !== 'string') continue;
      rejectLarge(request, Buffer.byteLength(json));
      rejectComplexJson(json);
    }
  });
  const trpcOptions: FastifyTRPCPluginOptions<AppRouter>['trpcOptions'] = {
    router: appRouter,
    maxBatchSize: limits.batchCallsMax,
    createContext: ({ req }: CreateFastifyContextOptions) => req.context,
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

function rejectLarge(request: FastifyRequest, bytes: number): void {
  if (bytes > bodyBoundsOf(proceduresOf(request)).bytesMax) throw new Refusal('payload_too_large');
}
