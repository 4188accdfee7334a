import cors from '@fastify/cors';
import type { Services } from '@parley/api';
import { limits, mintId, Refusal } from '@parley/contract';
import { type FastifyInstance, fastify } from 'fastify';
import type { TrustProxy } from './client-address.ts';
import { docsDoor } from './doors/docs.ts';
import { docsSite } from './doors/docs-site.ts';
import { type Health, healthDoor } from './doors/health.ts';
import { restDoor } from './doors/rest.ts';
import { trpcDoor } from './doors/trpc.ts';
import { type WebApp, webDoor } from './doors/web.ts';
import type { Log } from './log.ts';
import { logHangUp, logRequest } from './log-request.ts';
import type { Metrics } from './metrics.ts';
import { rawRefusal, refusalOfRequest, sendRefusal } from './refusal-reply.ts';
import { refuseUnknown } from './refuse-unknown.ts';

export interface ServerParts {
  readonly services: Services;
  readonly health: Health;
  readonly log: Log;
  /** Without it there is no chat page. */
  readonly web?: WebApp | undefined;
  /** Where the built documentation is; without it there is none. */
  readonly docsFolder?: string | undefined;
  /** The proxies whose word for a client's address is taken; without, nobody's. */
  readonly trustProxy?: TrustProxy | undefined;
  readonly metrics?: Pick<Metrics, 'watchRequests'> | undefined;
}

/** Of all headers and the address together. */
const HEADERS_BYTES_MAX = 16 * 1024;
/** A client that takes longer to send its request is not sending one. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Above the idle time of the usual load balancers, so that they close first. */
const KEEP_ALIVE_MS = 75_000;

const EXPOSED_HEADERS = [
  'x-request-id',
  'retry-after',
  'idempotent-replayed',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
];
/** What the hooks add, for a request that is refused before any of them runs. */
const HOOKLESS_HEADERS = {
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
};

/** Builds the server from its parts; it neither listens nor closes them. Tests inject into what this returns. */
export async function buildServer({
  services,
  health,
  log,
  web,
  docsFolder,
  trustProxy = false,
  metrics,
}: ServerParts): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    genReqId: () => mintId('request'),
    bodyLimit: limits.bodyBytesMax,
    trustProxy,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // What still comes on kept connections while we close is refused, or served, in our own words.
    return503OnClosing: false,
    // Node would refuse a request without a host in a form of its own; a hook does it in ours.
    http: { maxHeaderSize: HEADERS_BYTES_MAX, requireHostHeader: false },
    // An id of any length reaches its operation, which says 404.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: HEADERS_BYTES_MAX },
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...HOOKLESS_HEADERS, 'x-request-id': request.id });
      reply.raw.once('finish', () => logRequest(log, request, reply));
      void sendRefusal(request, reply, refusalOfRequest(error));
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'payload_too_large' : 'malformed_request';
      const requestId = mintId('request');
      log.info({ requestId, code, error }, 'request that is not HTTP');
      socket.end(rawRefusal(new Refusal(code), requestId));
    },
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.raw.once('close', () => reply.raw.writableFinished || logHangUp(log, request, reply));
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new Refusal('malformed_request');
    }
  });
  // An expectation nobody knows may be ignored; Node would refuse it in a form of its own.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onResponse', async (request, reply) => logRequest(log, request, reply));
  app.setErrorHandler((error, request, reply) => sendRefusal(request, reply, refusalOfRequest(error)));

  metrics?.watchRequests(app);
  // Publishable keys may be used from any page until a key names its origins. No cookies, so no credentials.
  await app.register(cors, {
    origin: '*',
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'content-type',
      'x-api-key',
      'authorization',
      'x-user-token',
      'idempotency-key',
      'last-event-id',
      'accept',
    ],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 7_200,
    strictPreflight: false,
  });
  refuseUnknown(app);
  await app.register(healthDoor, { health });
  await app.register(restDoor, { services });
  await app.register(trpcDoor, { services });
  await app.register(docsDoor);
  if (docsFolder) await app.register(docsSite, { folder: docsFolder });
  const { stores, isOwnOrigin } = services;
  if (web) await app.register(webDoor, { web, stores, isOwnOrigin, log });
  return app;
}
