import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** Another site with its own pages and policies, which stops after the test file. */
export interface ForeignSite {
  /** An origin that differs from the server's. */
  readonly origin: string;
}

/** The pages of the site by path. */
type Pages = Readonly<
  Record<
    string,
    {
      readonly html: string;
      /** An SVG image instead of a page. */
      readonly image?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  >
>;

/** Starts another site. */
export async function startForeignSite(pages: Pages = {}): Promise<ForeignSite> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const page = pages[pathname];
    // Browsers request icons on their own; this is not an error.
    if (!page && pathname !== '/') {
      response.writeHead(204).end();
      return;
    }
    if (page?.image !== undefined) {
      response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(page.image);
      return;
    }
    const { html, headers = {} } = page ?? { html: '<title>Another site</title>' };
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers });
    response.end(`<!doctype html><html lang="en">${html}</html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
