import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { limitAsFiles } from '../gate/gate-hook.ts';
import { inlineScriptHashes } from './inline-scripts.ts';
import { rejectNoFile } from './reject-no-file.ts';

const PATH = '/docs/';
const METHODS = ['GET', 'HEAD'];
const NOT_BUILT = 'The documentation is not built yet. Run `npm run build`, and start the server again.\n';
/** The files for language models (llmstxt.org): an index, and all pages in one. */
const FOR_MODELS = ['llms.txt', 'llms-full.txt'];

/**
 * Serves the documentation at `/docs`: the build of apps/docs in `folder`. Each page is also available as Markdown,
 * under its address and `.md`.
 */
export async function docsSite(app: FastifyInstance, { folder }: { folder: string }): Promise<void> {
  limitAsFiles(app);
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/docs', async (_request, reply) =>
      reply
        .code(503)
        .headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
        .send(NOT_BUILT),
    );
    return;
  }

  const headers = headersOf(await scriptHashes(folder));
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers);
  });
  rejectNoFile(app);
  app.setNotFoundHandler((_request, reply) => {
    void reply.code(404).header('cache-control', 'no-cache').sendFile('404.html');
  });
  await app.register(staticFiles, {
    root: folder,
    prefix: PATH,
    // `/docs/errors` is errors.html.
    extensions: ['html'],
    cacheControl: false,
    acceptRanges: false,
    setHeaders: (reply, path) => {
      // The names of the files in this folder contain a hash of their content.
      const isFixed = path.startsWith(join(folder, 'assets'));
      reply.header('cache-control', isFixed ? 'public, max-age=31536000, immutable' : 'no-cache');
      if (path.endsWith('.md')) reply.header('content-type', 'text/markdown; charset=utf-8');
    },
  });
  // One route serves both, because relative links need the slash.
  app.route({
    method: METHODS,
    url: '/docs',
    handler: async ({ url }, reply): Promise<FastifyReply> =>
      url.startsWith(PATH) ? reply.sendFile('index.html') : reply.redirect(PATH, 308),
  });
  for (const name of FOR_MODELS) {
    app.route({
      method: METHODS,
      url: `/${name}`,
      handler: async (_request, reply): Promise<FastifyReply> => reply.sendFile(name),
    });
  }
}

/** The policy of the site: it may load only what this server serves, and run only its own scripts. */
function headersOf(hashes: readonly string[]): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      `script-src 'self' ${hashes.join(' ')}`,
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  };
}

/** Returns the hashes of the scripts within the pages (they set the theme before the first paint), for the policy. */
async function scriptHashes(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  const pages = files.filter((name) => name.endsWith('.html'));
  const texts = await Promise.all(pages.map((name) => readFile(join(folder, name), 'utf8')));
  return inlineScriptHashes(texts);
}
