import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
export function embedRoutes(app: FastifyInstance, { apiKeys }: SessionStores, root: string): void {
  let refusedPage: string | undefined;
  const readRefusedPage = async () => {
    const html = await readFile(join(root, 'embed.html'), 'utf8');
    return html.replace('<html', '<html data-refused');
  };

  app.route({
    method: METHODS,
    url: '/embed.js',
    handler: (_request, reply) => reply.headers(FOR_ALL).sendFile('embed.js'),
  });

  app.route<{ Querystring: EmbedQuery }>({
    method: METHODS,
    url: '/embed',
    config: { gate: 'key-in-query' },
    handler: async ({ query }, reply): Promise<FastifyReply> => {
      const framers = await framersOf(query.key, apiKeys);
      const isRefused =
        typeof query.origin === 'string' && !framers.some((each) => [query.origin, '*'].includes(each));
      // An opener policy has no effect in a frame of another site.
      reply.removeHeader('cross-origin-opener-policy').headers(FOR_ALL);
      if (isRefused) {
        refusedPage ??= await readRefusedPage();
        return reply
          .headers({ 'content-security-policy': pagePolicy('*'), 'content-type': 'text/html; charset=utf-8' })
          .send(refusedPage);
      }
      const policy = pagePolicy(framers.join(' ') || "'none'", pictureSource(query.avatar));
      return reply.header('content-security-policy', policy).sendFile('embed.html');
    },
  });
}

/** The part of the frame's address that the server reads. */
interface EmbedQuery {
  readonly key?: unknown;
  /**
   * The embedding page, as it says itself. If the key does not allow it, the frame says so in a page without a chat. A
   * page that lies is stopped by the policy.
   */
  readonly origin?: unknown;
  /** The address of a picture, which the policy has to allow. */
  readonly avatar?: unknown;
}

/** Returns the source of a picture for the policy: this picture, not its site. Empty if the address is none. */
function pictureSource(address: unknown): string {
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return '';
  // Semicolons and commas would end the directive or the policy.
  return `${url.origin}${url.pathname.replaceAll(';', '%3B').replaceAll(',', '%2C')}`;
}

/**
 * Returns the pages that may frame the chat with this key, for the policy: the origins of the key; every page if it
 * names none, because its calls work from every page; nothing for a key that is not a valid publishable key.
 *
 * @throws ApiError `database_unavailable`
 */
async function framersOf(text: unknown, apiKeys: SessionStores['apiKeys']): Promise<readonly string[]> {
  const key = typeof text === 'string' && text.startsWith('pk_') ? await apiKeys.find(text) : undefined;
  return key ? (key.origins ?? ['*']) : [];
}
