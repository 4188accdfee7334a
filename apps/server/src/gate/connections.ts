import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ClientAddress, countedNetworks } from '@parley/api';
import { limits } from '@parley/contract';
import type { Log } from '../log.ts';

/** How long a client may take to send a request, and to take its answer. */
export interface ConnectionTimes {
  /** All of its headers, from when it connected. */
  readonly headersMs: number;
  /** All of the request, its body included. */
  readonly requestMs: number;
  /** For how long it may take nothing of an answer that waits for it. */
  readonly readerStallMs: number;
}

/** The maximum numbers of open connections. */
export interface ConnectionBounds {
  /** Connections of this process at a time. */
  readonly max: number;
  /** Of them from one address. Proxies, and whatever else is in a private network, have no bound of their own. */
  readonly perAddress: number;
}

interface BoundedServer {
  readonly bounds: ConnectionBounds;
  /** Returns the address that the connection counts for; undefined for a peer without a limit. */
  readonly addressOf: (socket: Socket) => ClientAddress | undefined;
  readonly log: Log;
}

/** The time limits of a server in production. */
export const DEFAULT_TIMES: ConnectionTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  readerStallMs: limits.readerStallMaxMs,
};
/** Node looks for late requests every 30 s unless told otherwise: each would be held for that much longer. */
const CHECK_EVERY_MS = 1_000;
const LOG_EVERY_MS = 60_000;

/** The options of `node:http` that make it hold the times. */
export function timeOptions({ headersMs, requestMs }: Pick<ConnectionTimes, 'headersMs' | 'requestMs'>) {
  const connectionsCheckingInterval = Math.min(CHECK_EVERY_MS, headersMs, requestMs);
  return { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval };
}

/**
 * Closes the connection of a client that takes nothing of its answer for so long (twice as long at most), whatever the
 * answer is: a stream of either transport, or a long list. A connection that has nothing to take may be silent.
 */
export function cutStalledReader(response: ServerResponse, stallMs: number): void {
  // Node counts what the kernel takes as activity, and so every byte that the client has read.
  response.setTimeout(stallMs, () => {
    if (response.writableLength > 0) response.destroy();
  });
}

/** Closes connections beyond the bounds, without an answer: to write one would be work for whoever floods. */
export function boundConnections(server: Server, { bounds, addressOf, log }: BoundedServer): void {
  const open = new Map<string, number>();
  let loggedAt = Number.NEGATIVE_INFINITY;
  const tell = (reason: string) => {
    const now = performance.now();
    if (now - loggedAt < LOG_EVERY_MS) return;
    loggedAt = now;
    log.warn({ ...bounds }, reason);
  };

  server.maxConnections = bounds.max;
  server.on('drop', () => tell('connections were closed: CONNECTIONS_MAX is reached'));
  // Before Node's own listener: a connection that is closed here costs no parser.
  server.prependListener('connection', (socket: Socket) => {
    const address = addressOf(socket)?.text;
    if (address === undefined) return;
    const networks = countedNetworks(address);
    if (networks.some(({ text, factor }) => (open.get(text) ?? 0) >= bounds.perAddress * factor)) {
      tell('connections were closed: one address had too many');
      socket.destroy();
      return;
    }
    for (const { text } of networks) open.set(text, (open.get(text) ?? 0) + 1);
    socket.once('close', () => {
      for (const { text } of networks) {
        const left = (open.get(text) ?? 1) - 1;
        if (left === 0) open.delete(text);
        else open.set(text, left);
      }
    });
  });
}
