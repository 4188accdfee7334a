import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import staticFiles from '@fastify/static';
import { type IsOwnOrigin, ownOrigins, type Services } from '@parley/api';
import { ApiError } from '@parley/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { sendApiError } from '../error-reply.ts';
import { limitAsFiles } from '../gate/gate-hook.ts';
import type { Log } from '../log.ts';
import type { SendNotFoundPage } from '../reject-unknown.ts';
import { EMBED_FILES, embedRoutes } from './embed.ts';
import { pagePolicy } from './page-policy.ts';
import { rejectNoFile } from './reject-no-file.ts';
import { type SessionStores, type WebSession, webSessionRoutes } from './web-session.ts';

interface WebDeps {
  readonly web: WebApp;
  readonly stores: SessionStores;
  readonly guestNetworks: Services['guestNetworks'];
  /** Recognizes this server's own pages. Default: pages that are opened on this machine. */
  readonly isOwnOrigin?: IsOwnOrigin | undefined;
  readonly log: Log;
}

/** The chat page: its built files, its audience and its key. */
export interface WebApp extends WebSession {
  /** The build of apps/web: `index.html`, `assets` and a few other files. */
  readonly folder: string;
}

const PAGE_HEADERS = {
  'content-security-policy': pagePolicy("'none'"),
  // The address of a chat must not be sent to other sites.
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const PAGES = ['/', '/c/:chatId'];
const NOT_BUILT = 'The chat page is not built yet. Run `npm run build`, and start the server again.\n';

/** Returns whether the chat page is built. */
export function isBuilt(folder: string): boolean {
  return existsSync(join(folder, 'index.html'));
}

/**
 * Returns a function that answers unknown addresses with the chat page, which says that the page does not exist;
 * undefined if the chat page is not built.
 */
export function notFoundPage(folder: string): SendNotFoundPage | undefined {
  if (!isBuilt(folder)) return undefined;
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  return (reply) => {
    removeCrossOriginHeaders(reply);
    void reply
      .code(404)
      .headers({ ...PAGE_HEADERS, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
      .send(html);
  };
}

/** Serves the chat page at `/` and at the address of each chat, its files, and `/web/session`. */
export async function webRoutes(
  app: FastifyInstance,
  { web, stores, guestNetworks, isOwnOrigin = ownOrigins(), log }: WebDeps,
): Promise<void> {
  await app.register(webSessionRoutes, { session: web, stores, guestNetworks, isOwnOrigin });

  app.addHook('onRequest', async (_request, reply) => {
    removeCrossOriginHeaders(reply.headers(PAGE_HEADERS));
  });
  rejectNoFile(app);
  limitAsFiles(app);

  if (isBuilt(web.folder)) return servePages(app, web.folder, stores);
  log.warn({ folder: web.folder }, 'the chat page is not built');
  for (const url of PAGES) {
    app.get(url, async (_request, reply) =>
      reply
        .code(503)
        .headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
        .send(NOT_BUILT),
    );
  }
}

async function servePages(app: FastifyInstance, root: string, stores: SessionStores): Promise<void> {
  const options = { root, cacheControl: false, acceptRanges: false, preCompressed: true };
  await app.register(staticFiles, { ...options, serve: false });
  embedRoutes(app, stores, root);

  for (const url of PAGES) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      handler: (_request, reply) => reply.header('cache-control', 'no-cache').sendFile('index.html'),
    });
  }
  for (const name of filesBeside(root)) {
    app.route({
      method: ['GET', 'HEAD'],
      url: `/${name}`,
      handler: (_request, reply) => reply.header('cache-control', 'no-cache').sendFile(name),
    });
  }
  await app.register(
    async (assets) => {
      assets.setNotFoundHandler((request, reply) => {
        void sendApiError(request, reply.removeHeader('cache-control'), new ApiError('route_not_found'));
      });
      await assets.register(staticFiles, {
        ...options,
        root: join(root, 'assets'),
        decorateReply: false,
        index: false,
        // The file names contain a hash of the content.
        setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
      });
    },
    { prefix: '/assets' },
  );
}

/** Scripts of other sites may not read the pages. */
function removeCrossOriginHeaders(reply: FastifyReply): void {
  reply.removeHeader('access-control-allow-origin').removeHeader('access-control-expose-headers');
}

/** The files that keep their names over releases, such as the icon. */
function filesBeside(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .filter(
      (name) =>
        name !== 'index.html' &&
        !EMBED_FILES.includes(name) &&
        !name.startsWith('.') &&
        !/\.(?:br|gz|map)$/.test(name),
    );
}
