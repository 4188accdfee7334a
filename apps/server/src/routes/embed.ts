import type { FastifyInstance, FastifyReply } from 'fastify';
import { pagePolicy } from './page-policy.ts';
import type { SessionStores } from './web-session.ts';

/** The files of the build of apps/web that other sites' pages load. */
export const EMBED_FILES = ['embed.html', 'embed.js'];

const METHODS = ['GET', 'HEAD'];
/** The files of these two are loaded by pages of other sites, also of those that are isolated (COEP). */
const FOR_ALL = { 'cross-origin-resource-policy': 'cross-origin', 'cache-control': 'no-cache' };

/**
 * `/embed.js`, which puts a chat into any page, and `/embed`, the chat in its frame. Neither holds anything: what the
 * frame asks for is asked with the site's publishable key and the token of a user. Who may frame it the key says.
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
      // An opener policy is for pages; in a frame of another site it would be ignored.
      reply.removeHeader('cross-origin-opener-policy');
      return reply.headers({ ...FOR_ALL, 'content-security-policy': policy }).sendFile('embed.html');
    },
  });
}

/**
 * The pages that may frame the chat with this key, as a policy names them: those of its origins; all of them where it
 * names none, as its calls work from all; none for what is no publishable key that works.
 *
 * @throws ApiError `database_unavailable`
 */
async function framersOf(text: unknown, apiKeys: SessionStores['apiKeys']): Promise<string> {
  const key = typeof text === 'string' && text.startsWith('pk_') ? await apiKeys.find(text) : undefined;
  if (!key) return "'none'";
  return key.origins?.join(' ') ?? '*';
}
