import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import staticFiles from '@fastify/static';
import { type IsOwnOrigin, ownOrigins } from '@parley/api';
import { ApiError } from '@parley/contract';
import type { FastifyInstance } from 'fastify';
import { sendApiError } from '../error-reply.ts';
import { limitAsFiles } from '../gate/gate-hook.ts';
import type { Log } from '../log.ts';
import { EMBED_FILES, embedRoutes } from './embed.ts';
import { pagePolicy } from './page-policy.ts';
import { rejectNoFile } from './reject-no-file.ts';
import { type SessionStores, type WebSession, webSessionRoutes } from './web-session.ts';

interface WebParts {
  readonly web: WebApp;
  readonly stores: SessionStores;
  /** Recognises this server's own pages; without it, those that are opened on this machine. */
  readonly isOwnOrigin?: IsOwnOrigin | undefined;
  readonly log: Log;
}

/** The chat page that comes with the server: where its built files are, and whom it serves with which key. */
export interface WebApp extends WebSession {
  /** The build of apps/web: `index.html`, `assets` and a few other files. */
  readonly folder: string;
}

const PAGE_HEADERS = {
  'content-security-policy': pagePolicy("'none'"),
  // The address of a chat is nobody else's business.
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const PAGES = ['/', '/c/:chatId'];
const NOT_BUILT = 'The chat page is not built yet. Run `npm run build`, and start the server again.\n';

/** Whether there is a page to serve. */
export function isBuilt(folder: string): boolean {
  return existsSync(join(folder, 'index.html'));
}

/** The chat page at `/` and at each chat's own address, its files, and `/web/session`, which lets it in. */
export async function webRoutes(
  app: FastifyInstance,
  { web, stores, isOwnOrigin = ownOrigins(), log }: WebParts,
): Promise<void> {
  await app.register(webSessionRoutes, { session: web, stores, isOwnOrigin });

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(PAGE_HEADERS);
    // Of this server's addresses these are the ones that are for its own page alone.
    reply.removeHeader('access-control-allow-origin').removeHeader('access-control-expose-headers');
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
  embedRoutes(app, stores);

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
        // Their names hold a hash of what is in them.
        setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
      });
    },
    { prefix: '/assets' },
  );
}

/** The page's own files that keep their names over releases, such as its icon. */
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
