import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** Another site, with pages of its own and policies of its own; it ends with the test file. */
export interface ForeignSite {
  /** Another origin than the server's. */
  readonly origin: string;
}

/** What the site serves at each of its paths. */
type Pages = Readonly<
  Record<string, { readonly html: string; readonly headers?: Readonly<Record<string, string>> }>
>;

export async function startForeignSite(pages: Pages = {}): Promise<ForeignSite> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const page = pages[pathname];
    // What browsers ask for by themselves is no page and no error.
    if (!page && pathname !== '/') {
      response.writeHead(204).end();
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
