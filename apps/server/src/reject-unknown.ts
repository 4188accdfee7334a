import { ApiError } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendApiError } from './error-reply.ts';

/** Answers a request of a browser that opens an unknown path as a page. */
export type SendNotFoundPage = (reply: FastifyReply) => void;

/**
 * Answers unknown paths with 404, and known paths with another method with 405 and `Allow`, before a body is read
 * or a key is looked up. With `sendPage`, browsers get a page instead of an error in JSON.
 */
export function rejectUnknown(app: FastifyInstance, sendPage?: SendNotFoundPage): void {
  const methodsOfPath = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.isReserved) return;
    const methods = methodsOfPath.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsOfPath.set(url, methods);
  });

  let matchers: { pattern: RegExp; methods: ReadonlySet<string> }[];
  app.addHook('onReady', async () => {
    methodsOfPath.delete('*');
    // A path without parameters is matched before one with them.
    matchers = [...methodsOfPath]
      .toSorted(([one], [other]) => Number(/[:*]/.test(one)) - Number(/[:*]/.test(other)))
      .map(([url, methods]) => ({ pattern: patternOf(url), methods }));
  });

  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404 && !request.routeOptions.config.isReserved) return done();
    const [path = ''] = request.url.split('?', 1);
    const matcher = matchers.find(({ pattern }) => pattern.test(path));
    // The address of a folder looks like the address of a file, but no file has it.
    if (!matcher || matcher.methods.has(request.method)) {
      if (sendPage && wantsPage(request)) return sendPage(reply);
      return void sendApiError(request, reply, new ApiError('route_not_found'));
    }
    const allow = [...matcher.methods].sort().join(', ');
    void sendApiError(request, reply.header('allow', allow), new ApiError('method_not_allowed'));
  });
}

/** Returns true if a browser opens the address as a page. Scripts and API clients ask for other types, or for any. */
function wantsPage({ method, headers: { accept } }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && accept?.includes('text/html') === true;
}

/** Returns the pattern of a route: a parameter matches any text, everything else only itself. */
export function patternOf(url: string): RegExp {
  const parts = url.split(/(:\w+|\*)/).map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}/?$`);
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route only keeps requests from another one whose parameter would match the path: it is answered with 405. */
    isReserved?: boolean;
  }
}
