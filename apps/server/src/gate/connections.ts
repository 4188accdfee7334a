import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientAddress } from '@parley/api';
import type { Log } from '../log.ts';

/** How long a client may take to send a request. */
export interface ConnectionTimes {
  /** All of its headers, from when it connected. */
  readonly headersMs: number;
  /** All of the request, its body included. */
  readonly requestMs: number;
}

export interface ConnectionBounds {
  /** Connections of this process at a time. */
  readonly max: number;
  /** Of them from one address. Proxies, and whatever else is in a private network, have no bound of their own. */
  readonly perAddress: number;
}

interface BoundedServer {
  readonly bounds: ConnectionBounds;
  /** Where a connection comes from; undefined for a peer that may have any number. */
  readonly addressOf: (socket: Socket) => ClientAddress | undefined;
  readonly log: Log;
}

export const DEFAULT_TIMES: ConnectionTimes = { headersMs: 10_000, requestMs: 30_000 };
/** Node looks for late requests every 30 s unless told otherwise: each would be held for that much longer. */
const CHECK_EVERY_MS = 1_000;
const LOG_EVERY_MS = 60_000;

/** The options of `node:http` that make it hold the times. */
export function timeOptions({ headersMs, requestMs }: ConnectionTimes) {
  const connectionsCheckingInterval = Math.min(CHECK_EVERY_MS, headersMs, requestMs);
  return { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval };
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
    const count = (open.get(address) ?? 0) + 1;
    if (count > bounds.perAddress) {
      tell('connections were closed: one address had too many');
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
