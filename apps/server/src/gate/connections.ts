import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ClientAddress, countedNetworks } from '@parley/api';
import { limits } from '@parley/contract';
import type { Log } from '../log.ts';

/** The time limits for a client to send a request and to read its response. */
export interface ConnectionTimes {
  /** For all headers, from their first byte. */
  readonly headersMs: number;
  /** For the whole request with its body. */
  readonly requestMs: number;
  /** The longest time that the client may read nothing while a response waits for it. */
  readonly readerStallMs: number;
  /** How long a connection on which the client has sent nothing is kept, after `headersMs`. */
  readonly unusedMs: number;
}

/** The maximum numbers of open connections. */
export interface ConnectionBounds {
  /** The maximum number of connections of this process. */
  readonly max: number;
  /** The maximum number from one address. Proxies and other peers in private networks have no limit of their own. */
  readonly perAddress: number;
}

interface BoundedServer {
  readonly bounds: ConnectionBounds;
  /** Returns the address that the connection counts for; undefined for a peer without a limit. */
  readonly addressOf: (socket: Socket) => ClientAddress | undefined;
  readonly log: Log;
}

/** Above the idle time of the usual load balancers, so that they close first. */
export const KEEP_ALIVE_MS = 75_000;

/** The time limits of a server in production. */
export const DEFAULT_TIMES: ConnectionTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  readerStallMs: limits.readerStallMaxMs,
  unusedMs: KEEP_ALIVE_MS,
};
/** By default Node checks for late requests every 30 s, so each could stay that much longer. */
const CHECK_EVERY_MS = 1_000;
const LOG_EVERY_MS = 60_000;

/** Returns the options of `node:http` that apply these time limits. */
export function timeOptions({ headersMs, requestMs }: Pick<ConnectionTimes, 'headersMs' | 'requestMs'>) {
  const connectionsCheckingInterval = Math.min(CHECK_EVERY_MS, headersMs, requestMs);
  return { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval };
}

/**
 * Keeps a connection that Node would end with a 408 although the client has sent nothing yet. Clients open
 * connections in advance, and such a 408 would reach the request that is just being sent. Node's limits then apply
 * from the first byte. Returns false for every other error.
 */
export function keepUnused(error: { readonly code?: string }, socket: Socket, unusedMs: number): boolean {
  const isUnused = () => socket.bytesRead === 0;
  if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT' || !isUnused()) return false;
  setTimeout(() => {
    if (isUnused()) socket.destroy();
  }, unusedMs).unref();
  return true;
}

/**
 * Closes the connection of a client that reads nothing of its response for so long (at most twice as long), for
 * streams and long lists alike. A connection without pending data may be silent.
 */
export function cutStalledReader(response: ServerResponse, stallMs: number): void {
  // Node counts data that the kernel accepts as activity, and so every byte that the client reads.
  response.setTimeout(stallMs, () => {
    if (response.writableLength > 0) response.destroy();
  });
}

/** Closes connections beyond the limits without a response, because writing one would be work for an attacker. */
export function boundConnections(server: Server, { bounds, addressOf, log }: BoundedServer): void {
  const open = new Map<string, number>();
  let loggedAt = Number.NEGATIVE_INFINITY;
  const warn = (reason: string) => {
    const now = performance.now();
    if (now - loggedAt < LOG_EVERY_MS) return;
    loggedAt = now;
    log.warn({ ...bounds }, reason);
  };

  server.maxConnections = bounds.max;
  server.on('drop', () => warn('connections were closed: CONNECTIONS_MAX is reached'));
  // It runs before Node's own listener, so that a closed connection costs no parser.
  server.prependListener('connection', (socket: Socket) => {
    const address = addressOf(socket)?.text;
    if (address === undefined) return;
    const networks = countedNetworks(address);
    if (networks.some(({ text, factor }) => (open.get(text) ?? 0) >= bounds.perAddress * factor)) {
      warn('connections were closed: one address had too many');
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
