import type { FastifyInstance, FastifyReply } from 'fastify';
import { pagePolicy } from './page-policy.ts';
import type { SessionStores } from './web-session.ts';

/** The files of the build of apps/web that other sites' pages load. */
export const EMBED_FILES = ['embed.html', 'embed.js'];

const METHODS = ['GET', 'HEAD'];
/** The folders whose files are loaded by pages of other sites, also by isolated ones (COEP). */
const FOR_ALL = { 'cross-origin-resource-policy': 'cross-origin', 'cache-control': 'no-cache' };

/**
 * Serves `/embed.js`, which adds a chat to any page, and `/embed`, the chat in its frame. Neither contains data:
 * the frame sends the site's publishable key and the user's token. The key decides which pages may embed it.
 */
export function embedRoutes(app: FastifyInstance, { apiKeys }: SessionStores): void {
  app.route({
    method: METHODS,
    url: '/embed.js',
    handler: (_request, reply) => reply.headers(FOR_ALL).sendFile('embed.js'),
  });

  app.route<{ Querystring: { key?: unknown } }>({
    method: METHODS,
    url: '/embed',
    config: { gate: 'key-in-query' },
    handler: async ({ query }, reply): Promise<FastifyReply> => {
      const policy = pagePolicy(await framersOf(query.key, apiKeys));
      // An opener policy has no effect in a frame of another site.
      reply.removeHeader('cross-origin-opener-policy');
      return reply.headers({ ...FOR_ALL, 'content-security-policy': policy }).sendFile('embed.html');
    },
  });
}

/**
 * Returns the pages that may frame the chat with this key, for the policy: the origins of the key; every page if it
 * names none, because its calls work from every page; none for a key that is not a valid publishable key.
 *
 * @throws ApiError `database_unavailable`
 */
async function framersOf(text: unknown, apiKeys: SessionStores['apiKeys']): Promise<string> {
  const key = typeof text === 'string' && text.startsWith('pk_') ? await apiKeys.find(text) : undefined;
  if (!key) return "'none'";
  return key.origins?.join(' ') ?? '*';
}
