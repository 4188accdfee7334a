import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import type { Services } from '@parley/api';
import { ApiError, type ErrorCode, limits, mintId } from '@parley/contract';
import { type FastifyInstance, fastify } from 'fastify';
import type { LogAddresses } from './attribute-request.ts';
import { apiErrorOfRequest, rawApiError, sendApiError } from './error-reply.ts';
import { peerAddress, type TrustProxy } from './gate/client-address.ts';
import {
  boundConnections,
  type ConnectionBounds,
  type ConnectionTimes,
  cutStalledReader,
  DEFAULT_TIMES,
  KEEP_ALIVE_MS,
  keepUnused,
  timeOptions,
} from './gate/connections.ts';
import { addGate } from './gate/gate-hook.ts';
import { UnnamedProxyNotice } from './gate/unnamed-proxy.ts';
import type { Log } from './log.ts';
import { logDisconnect, logRequest } from './log-request.ts';
import type { Metrics } from './metrics.ts';
import { rejectUnknown } from './reject-unknown.ts';
import { docsRoutes } from './routes/docs.ts';
import { docsSite } from './routes/docs-site.ts';
import { type Health, healthRoutes } from './routes/health.ts';
import { sendLargeAnswers } from './routes/large-answers.ts';
import { restRoutes } from './routes/rest.ts';
import { trpcRoutes } from './routes/trpc.ts';
import { notFoundPage, type WebApp, webRoutes } from './routes/web.ts';

/** The dependencies of the HTTP server. */
export interface ServerDeps {
  readonly services: Services;
  readonly health: Health;
  readonly log: Log;
  /** The part of clients' addresses that the log contains. Default: all of it. */
  readonly logAddresses?: LogAddresses | undefined;
  /** The chat page. Without it, the server has none. */
  readonly web?: WebApp | undefined;
  /** The folder of the built documentation. Without it, the server serves none. */
  readonly docsFolder?: string | undefined;
  /** The proxies whose `X-Forwarded-For` is trusted. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
  readonly metrics?: Pick<Metrics, 'watchRequests'> | undefined;
  readonly connections?: Partial<ConnectionBounds> | undefined;
  readonly connectionTimes?: Partial<ConnectionTimes> | undefined;
}

/** The maximum size of all headers and the address together. */
const HEADERS_BYTES_MAX = 16 * 1024;
/** The time that a client has to read an error that was sent before its request was complete. */
const LAST_ANSWER_MS = 1_000;

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const EXPOSED_HEADERS = [
  'x-request-id',
  'retry-after',
  'idempotent-replayed',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'ratelimit',
  'ratelimit-policy',
];
/** Adds the headers of the hooks to a response that is sent before any hook runs. */
const HOOKLESS_HEADERS = {
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
};

/** The error codes for requests that Node's HTTP parser rejects. */
const codesOfClientErrors: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'payload_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Builds the server. It does not listen, and does not close its dependencies. */
export async function buildServer({
  services,
  health,
  log,
  logAddresses = 'full',
  web,
  docsFolder,
  trustProxy = false,
  metrics,
  connections = {},
  connectionTimes,
}: ServerDeps): Promise<FastifyInstance> {
  const { readerStallMs, unusedMs, ...requestTimes } = { ...DEFAULT_TIMES, ...connectionTimes };
  const { requestTimeout, ...times } = timeOptions(requestTimes);
  const app = fastify({
    logger: false,
    genReqId: () => mintId('request'),
    bodyLimit: limits.bodyBytesMax,
    trustProxy,
    requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // While the server closes, requests on open connections still get this server's responses instead of
    // Fastify's.
    return503OnClosing: false,
    // Node would answer a request without a host in its own form; a hook answers it as an `ApiError`.
    http: { maxHeaderSize: HEADERS_BYTES_MAX, requireHostHeader: false, ...times },
    // An id of any length reaches its operation, which answers 404.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: HEADERS_BYTES_MAX },
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...HOOKLESS_HEADERS, 'x-request-id': request.id });
      reply.raw.once('finish', () => logRequest(log, request, reply, logAddresses));
      void sendApiError(request, reply, apiErrorOfRequest(error));
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || keepUnused(error, socket, unusedMs)) return;
      const code = codesOfClientErrors[error.code ?? ''] ?? 'malformed_request';
      const requestId = mintId('request');
      log.info({ requestId, code, error }, 'request that is not HTTP');
      socket.end(rawApiError(new ApiError(code), requestId));
      // A client that keeps sending would keep the connection open.
      setTimeout(() => socket.destroy(), LAST_ANSWER_MS).unref();
    },
  });
  const { max = limits.connectionsMax, perAddress = limits.connectionsPerAddressMax } = connections;
  const addressOf = (socket: Socket) => peerAddress(socket, trustProxy);
  boundConnections(app.server, { bounds: { max, perAddress }, addressOf, log });

  // Hooks that wait for nothing take a callback, because every request would pay for their promises.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    cutStalledReader(reply.raw, readerStallMs);
    reply.raw.once(
      'close',
      () => reply.raw.writableFinished || logDisconnect(log, request, reply, logAddresses),
    );
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      return done(new ApiError('malformed_request'));
    }
    // Reads are safe without a unique index; a write could be duplicated.
    if (!READS.has(request.method) && health.missingUniqueIndexes().length > 0) {
      return done(new ApiError('database_preparing'));
    }
    done();
  });
  // An unknown `Expect` header may be ignored; Node would reject it in its own form.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(log, request, reply, logAddresses);
    done();
  });
  app.setErrorHandler((error, request, reply) => sendApiError(request, reply, apiErrorOfRequest(error)));

  metrics?.watchRequests(app);
  // Publishable keys may be used from every page, unless the key names its origins. The API has no cookies, so no
  // credentials are allowed.
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
  const unnamedProxy = new UnnamedProxyNotice(log);
  addGate(app, { services, trustProxy, unnamedProxy });
  sendLargeAnswers(app);
  rejectUnknown(app, web && notFoundPage(web.folder));
  await app.register(healthRoutes, { health, unnamedProxy });
  await app.register(restRoutes);
  await app.register(trpcRoutes);
  await app.register(docsRoutes);
  if (docsFolder) await app.register(docsSite, { folder: docsFolder });
  const { stores, guestNetworks, isOwnOrigin } = services;
  if (web) await app.register(webRoutes, { web, stores, guestNetworks, isOwnOrigin, log });
  return app;
}
