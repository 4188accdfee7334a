import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another host, as a browser sees it, that knows who comes: whatever the page is told to load leads here. */
export interface Canary {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Every connection so far, with what it asked for. */
  readonly visits: readonly string[];
  stop(): Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`);
    response.end('window.__pwned = "loaded"');
  });
  server.on('connection', () => visits.push('connection'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
