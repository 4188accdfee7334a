import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The path of a TCP connection through 127.0.0.1, on which it can be delayed, broken and lost. */
export interface Link {
  readonly port: number;
  /** Delays everything in both directions until `mend`; then the data arrives in order and complete. */
  holdUp(): void;
  /**
   * The other end vanishes: connections stay open and accept data. `replies`: requests still arrive, and only the
   * replies are lost. It ends with `mend`.
   */
  halfOpen(what: 'replies' | 'both'): void;
  /** Resets every connection, and until `mend` each new one when it is answered. */
  reset(): void;
  /** Restores normal operation and resets half-open connections. */
  mend(): void;
  stop(): Promise<void>;
}

interface Weather {
  /** Resolves when the fault is over. */
  gate: PromiseWithResolvers<void> | undefined;
  lost: 'nothing' | 'replies' | 'both';
  isResetting: boolean;
}

/** Opens a link to `target` of 127.0.0.1. */
export async function openLink(target: number): Promise<Link> {
  const weather: Weather = { gate: undefined, lost: 'nothing', isResetting: false };
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    join(client, upstream, sockets, () => weather.lost !== 'both', weather);
    join(upstream, client, sockets, () => isDelivered(client, weather), weather);
  });
  const { port } = await listening(server);
  const resetAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port,
    holdUp() {
      weather.gate = Promise.withResolvers();
    },
    halfOpen(what) {
      weather.lost = what;
    },
    reset() {
      weather.isResetting = true;
      resetAll();
    },
    mend() {
      const hasLost = weather.lost !== 'nothing';
      weather.gate?.resolve();
      Object.assign(weather, { gate: undefined, lost: 'nothing', isResetting: false } satisfies Weather);
      // These connections have lost bytes, so they cannot continue.
      if (hasLost) resetAll();
    },
    async stop() {
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether a reply reaches the client; a connection that is to be reset is reset by it. */
function isDelivered(client: Socket, weather: Weather): boolean {
  if (weather.lost !== 'nothing') return false;
  if (!weather.isResetting) return true;
  client.resetAndDestroy();
  return false;
}

/** Forwards the data of `from` and its end, in order. */
function join(
  from: Socket,
  to: Socket,
  sockets: Set<Socket>,
  isDelivered: () => boolean,
  weather: Weather,
): void {
  sockets.add(from);
  let last: Promise<void> = Promise.resolve();
  const after = (act: () => void) => {
    const held = weather.gate?.promise;
    last = last.then(() => held).then(act);
  };
  from.on('data', (bytes) =>
    after(() => {
      if (isDelivered()) to.write(bytes);
    }),
  );
  from.on('end', () => after(() => void to.end()));
  // The following close passes the cause on to the other side.
  from.on('error', () => undefined);
  from.on('close', (hadError) => {
    sockets.delete(from);
    after(() => void (hadError ? to.resetAndDestroy() : to.destroySoon()));
  });
}

async function listening(server: Server): Promise<AddressInfo> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address() as AddressInfo;
}
