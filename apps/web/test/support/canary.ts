import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another host that records its connections. Attacks try to load from it. */
export interface Canary {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** All connections so far, with their requests. */
  readonly visits: readonly string[];
  stop(): Promise<void>;
}

/** Starts the host, which stops after the test file. */
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
