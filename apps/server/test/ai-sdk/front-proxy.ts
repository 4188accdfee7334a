import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll } from 'vitest';

/** The one address that clients know, with a server behind it. It closes with the test file. */
export interface FrontProxy {
  readonly url: string;
  /** Forwards to this server from now on. */
  leadTo(url: string): void;
  /** Breaks every connection, and rejects new ones until it forwards again. */
  cut(): void;
  /** Forwards requests and loses responses: it cuts the connection at their first byte. */
  loseAnswers(): void;
}

export async function openFrontProxy(url: string): Promise<FrontProxy> {
  let target: URL | undefined = new URL(url);
  let losesAnswers = false;
  const sockets = new Set<Socket>();
  const cut = () => {
    target = undefined;
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };

  const server = createServer((socket) => {
    keep(socket);
    if (!target) return void socket.destroy();
    const upstream = keep(connect(Number(target.port), target.hostname));
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    socket.pipe(upstream);
    upstream.on('data', (bytes) => (losesAnswers ? cut() : socket.write(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    leadTo(next) {
      losesAnswers = false;
      target = new URL(next);
    },
    loseAnswers() {
      losesAnswers = true;
    },
  };
}
