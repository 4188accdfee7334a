import { appRouter, type ClientAddress, type Context, type Services } from '@parley/api';
import { limits } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contextOf } from '../routes/request-context.ts';
import { clientAddress, isForwarded, type TrustProxy } from './client-address.ts';
import { RequestStarts } from './request-starts.ts';
import type { UnnamedProxyNotice } from './unnamed-proxy.ts';

/** The rate limit of a route. The default is `unidentified`, the strictest. */
type GateRule =
  /** Answered from memory, for monitoring: health and the OpenAPI document. */
  | 'unlimited'
  /** Static files, which cost no database read; a page has many. */
  | 'files'
  /** Creates a visitor of the chat page. */
  | 'new-visitors'
  /** Has a publishable key in `?key=`. */
  | 'key-in-query'
  /** Counts for the client's address only. */
  | 'unidentified'
  /** Calls the procedures in its path. */
  | 'trpc'
  /** Calls these procedures. */
  | { readonly procedures: readonly string[] };

interface GateDeps {
  readonly services: Services;
  readonly trustProxy: TrustProxy;
  readonly unnamedProxy: UnnamedProxyNotice;
}

/**
 * Adds one gate before every route. It authenticates and counts the request by its headers, before the body is
 * read. CORS preflights are answered earlier: browsers send them by themselves, and they cost nothing.
 */
export function addGate(app: FastifyInstance, { services, trustProxy, unnamedProxy }: GateDeps): void {
  app.decorateRequest('context');
  app.decorateRequest('client');
  app.decorateRequest('authenticatedAt', undefined);
  const starts = new RequestStarts();
  app.addHook('onRequest', async (request, reply) => {
    request.client = lazily(() => {
      const client = clientAddress(request, trustProxy);
      if (client.isUnnamedProxy) unnamedProxy.see();
      return client;
    });
    // An unnamed proxy is noticed at its first request, whether or not its address is counted.
    if (isForwarded(request.headers)) request.client();
    const rule = request.routeOptions.config?.gate ?? 'unidentified';
    // This comes before the key is looked up and the request is counted, so that rejections are spread out too.
    const start = rule === 'unlimited' ? undefined : starts.enter(request.client().text);
    if (start) await start;
    await pass({ services, starts }, rule, request, reply);
  });
  // A body that is sent slowly must not keep a withdrawn key or a blocked user for as long as it takes.
  app.addHook('preValidation', ({ authenticatedAt, context }, _reply, done) => {
    const isOld =
      authenticatedAt !== undefined && performance.now() - authenticatedAt > limits.authenticationMaxMs;
    if (!isOld) return done();
    context.request.authenticateAgain().then(() => done(), done);
  });
}

/** Sets `files` as the default gate of all routes in this part of the server. */
export function limitAsFiles(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.config = { gate: 'files', ...route.config };
  });
}

async function pass(
  { services, starts }: { readonly services: Services; readonly starts: RequestStarts },
  rule: GateRule,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { gate } = services;
  switch (rule) {
    case 'unlimited':
      return;
    case 'files':
    case 'new-visitors':
    case 'unidentified':
      gate?.countAddress(rule, request.client());
      return;
    case 'key-in-query': {
      const { key } = request.query as { key?: unknown };
      const isKnown =
        typeof key === 'string' &&
        key.startsWith('pk_') &&
        (await services.stores.apiKeys.find(key, gate?.guard(request.client))) !== undefined;
      gate?.countAddress(isKnown ? 'files' : 'unidentified', request.client());
      return;
    }
    default: {
      const procedures = rule === 'trpc' ? proceduresOf(request) : rule.procedures;
      request.context = contextOf(services, request, reply, procedures);
      // tRPC's clients read the error of a subscription from its stream, and cannot read a body. There is no stream
      // yet.
      const isSubscription =
        rule === 'trpc' && request.method === 'GET' && procedures.every(isSubscriptionProcedure);
      try {
        const { kind } = await request.context.request.caller();
        request.authenticatedAt = performance.now();
        if (kind === 'secret') starts.noteServer(request.client().text);
      } catch (error) {
        if (!isSubscription) throw error;
      }
    }
  }
}

/** Returns the procedures in the path of a tRPC request. */
export function proceduresOf({ params }: FastifyRequest): string[] {
  const { path = '' } = params as { path?: string };
  return path.split(',');
}

function isSubscriptionProcedure(name: string): boolean {
  // tRPC types its record by procedure; this only reads what all procedures have.
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>;
  return Object.hasOwn(procedures, name) && procedures[name]?._def.type === 'subscription';
}

function lazily<Value>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The context of procedures. Only routes that call procedures have one. */
    context: Context;
    /** When the caller was authenticated, by the monotonic clock. */
    authenticatedAt: number | undefined;
    /** The client's address as rate limits count it. */
    client: () => ClientAddress;
  }
  interface FastifyContextConfig {
    gate?: GateRule;
  }
}
