import { connect, createServer, type Socket } from 'node:net';

/** The mode of the proxy. `swallow` reads data and forwards nothing, without an error. */
type Treatment = 'forward' | 'swallow';

/**
 * A TCP proxy on 127.0.0.1 in front of a server, for tests of a network that fails: it can hang, cut and
 * reject, in either direction.
 */
export interface TcpProxy {
  readonly port: number;
  /** Sets the mode of both directions, for existing and new connections. */
  treat(how: { requests?: Treatment; replies?: Treatment }): void;
  /** Closes every connection that is open. */
  cut(): void;
  /** Rejects new connections; those that are open stay. */
  refuse(): void;
  /** Accepts connections again, on the same port. */
  listen(): Promise<void>;
  /** Connections that are open now. */
  readonly connections: number;
  stop(): void;
}

/** Starts a proxy in front of `port` of 127.0.0.1. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const treatment: { requests: Treatment; replies: Treatment } = { requests: 'forward', replies: 'forward' };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    join(client, target, () => treatment.requests, sockets);
    join(target, client, () => treatment.replies, sockets);
  });
  const listen = (at: number) => new Promise<void>((done) => server.listen(at, '127.0.0.1', done));
  const refuse = () => {
    // The proxy stops listening at once. Closing does not wait for the last connection.
    if (server.listening) server.close();
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  await listen(0);
  const own = portOf(server);
  return {
    port: own,
    treat: (how) => Object.assign(treatment, how),
    cut,
    refuse,
    listen: () => listen(own),
    get connections() {
      return sockets.size / 2;
    },
    stop() {
      refuse();
      cut();
    },
  };
}

/** Forwards the data of `from`, and its end. */
function join(from: Socket, to: Socket, treatment: () => Treatment, sockets: Set<Socket>): void {
  sockets.add(from);
  from.on('data', (bytes) => {
    if (treatment() === 'forward') to.write(bytes);
  });
  // A reset on one side ends the other side. The test expects the error, so it is ignored.
  from.on('error', () => undefined);
  from.on('close', () => {
    sockets.delete(from);
    to.destroy();
  });
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen');
  return address.port;
}
