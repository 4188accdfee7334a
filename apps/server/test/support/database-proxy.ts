import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll } from 'vitest';

/** A proxy to the database that a test can cut and restore. It closes with the test file. */
export interface DatabaseProxy {
  /** Returns the address that leads through the proxy. */
  readonly addressOf: (uri: string) => string;
  /** Breaks every connection, and rejects new ones. */
  cut(): void;
  /** Blocks silently: connections stay open, and new ones are accepted and never served. */
  silence(): void;
  /** Ends the fault. */
  restore(): void;
}

export async function startDatabaseProxy(): Promise<DatabaseProxy> {
  let target = { host: '', port: 0 };
  let state: 'open' | 'cut' | 'silent' = 'open';
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    if (state === 'cut') socket.destroy();
    if (state === 'open') join(socket, target, sockets);
  });
  const { port } = await listening(server);
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  return {
    addressOf(uri) {
      const url = new URL(uri);
      target = { host: url.hostname, port: Number(url.port) };
      url.host = `127.0.0.1:${port}`;
      // The replica set knows its member by its own address, so only a direct connection stays on the proxy.
      url.searchParams.delete('replicaSet');
      url.searchParams.set('directConnection', 'true');
      return url.href;
    },
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    silence() {
      state = 'silent';
      for (const socket of sockets) socket.unpipe().pause();
    },
    restore() {
      state = 'open';
      // A connection that was silent for this time is closed and opened again.
      for (const socket of sockets) socket.destroy();
    },
  };
}

function join(socket: Socket, target: { host: string; port: number }, sockets: Set<Socket>): void {
  const upstream = connect(target.port, target.host);
  sockets.add(upstream);
  upstream.on('close', () => {
    sockets.delete(upstream);
    socket.destroy();
  });
  upstream.on('error', () => undefined);
  socket.on('close', () => upstream.destroy());
  socket.pipe(upstream);
  upstream.pipe(socket);
}

async function listening(server: Server): Promise<AddressInfo> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address() as AddressInfo;
}
