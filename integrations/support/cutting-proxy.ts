import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './at-end.ts';

export interface CuttingProxy {
  readonly url: string;
  /** The requests that were cut since the last call, as method and path without ids. */
  cuts(): string[];
}

/**
 * A bad connection to a server: the first time it cuts each stream behind its first words, and loses the answer to each
 * message that was sent. Ends with the test file.
 */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const seen = new Set<string>();
  const cuts: string[] = [];

  const cutOnce = (incoming: IncomingMessage): boolean => {
    const name = `${incoming.method} ${incoming.url} ${incoming.headers['idempotency-key'] ?? ''}`;
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst;
  };
  const cut = ({ method, url = '' }: IncomingMessage, outgoing: ServerResponse) => {
    cuts.push(`${method} ${url.replaceAll(/_[0-9a-z]{28}/g, '')}`);
    outgoing.destroy();
  };

  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    const isStream = method === 'GET' && /\/(stream|events)(\?|$)/.test(url);
    const isMessage = method === 'POST' && url.endsWith('/message') && 'idempotency-key' in headers;
    const isCut = (isStream || isMessage) && cutOnce(incoming);
    const upstream = request(target + url, { method, headers }, (response) => {
      if (isCut && isMessage && (response.statusCode ?? 0) < 300) {
        response.resume().on('end', () => cut(incoming, outgoing));
        return;
      }
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.on('data', (chunk: Buffer) => {
        if (outgoing.destroyed) return;
        outgoing.write(chunk);
        if (isCut && isStream && /(text|answer)-delta/.test(chunk.toString())) {
          response.destroy();
          setImmediate(() => cut(incoming, outgoing));
        }
      });
      response.on('end', () => outgoing.end());
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts.splice(0),
  };
}
