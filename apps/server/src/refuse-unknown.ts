import { Refusal } from '@parley/contract';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from './refusal-reply.ts';

/**
 * Unknown paths and methods. A path that exists under other methods is 405 with `Allow`; both are answered
 * before a body is read or a key looked at.
 */
export function refuseUnknown(app: FastifyInstance): void {
  const methodsOfPath = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url }) => {
    const methods = methodsOfPath.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsOfPath.set(url, methods);
  });

  let matchers: { pattern: RegExp; allow: string }[];
  app.addHook('onReady', async () => {
    methodsOfPath.delete('*');
    matchers = [...methodsOfPath].map(([url, methods]) => ({
      pattern: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*')}/?$`),
      allow: [...methods].sort().join(', '),
    }));
  });

  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const [path = ''] = request.url.split('?', 1);
    const matcher = matchers.find(({ pattern }) => pattern.test(path));
    if (!matcher) return sendRefusal(request, reply, new Refusal('route_not_found'));
    return sendRefusal(request, reply.header('allow', matcher.allow), new Refusal('method_not_allowed'));
  });
}
