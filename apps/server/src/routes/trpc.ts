import {
  type AppRouter,
  apiErrorOf,
  appRouter,
  bodyBoundsOf,
  rejectComplexJson,
  responseMeta,
  toTrpcError,
} from '@parley/api';
import { ApiError, limits, toEnvelope, toErrorData } from '@parley/contract';
import {
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
  fastifyTRPCPlugin,
} from '@trpc/server/adapters/fastify';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { apiErrorOfRequest, sendApiError } from '../error-reply.ts';
import { proceduresOf } from '../gate/gate-hook.ts';

/** Adds the router at `/trpc`, for @trpc/client. */
export async function trpcRoutes(app: FastifyInstance): Promise<void> {
  // Requests that are rejected before tRPC sees them get errors in tRPC's form, because its clients parse no
  // other.
  app.setErrorHandler((error, request, reply) => {
    const apiError = apiErrorOfRequest(error);
    const { code } = toTrpcError(apiError);
    const data = { code, httpStatus: apiError.status, ...toErrorData(toEnvelope(apiError, request.id)) };
    const shape = { message: apiError.message, code: TRPC_ERROR_CODES_BY_KEY[code], data };
    void sendApiError(request, reply, apiError, { error: shape });
  });

  // The adapter accepts every method, and fails for those that fetch does not know.
  app.addHook('onRequest', async ({ method }, reply) => {
    if (method === 'GET' || method === 'POST') return;
    reply.header('allow', 'GET, POST');
    throw new ApiError('method_not_allowed');
  });

  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, gate: 'trpc' };
    route.bodyLimit = limits.batchBodyBytesMax;
  });
  // A single call has the maximum size of its procedure; only a batch has that of the route.
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
      req.apiError = apiErrorOf(error);
    },
    responseMeta,
  };
  await app.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions,
  } satisfies FastifyTRPCPluginOptions<AppRouter>);
}

function rejectLarge(request: FastifyRequest, bytes: number): void {
  if (bytes > bodyBoundsOf(proceduresOf(request)).bytesMax) throw new ApiError('payload_too_large');
}
