import { setTimeout as delay } from 'node:timers/promises';
import { type Client, request, type ServerAddress } from './client.ts';
import { readServerEvents } from './server-events.ts';

/** The pause before it reconnects, like a browser's but shorter. */
const PAUSE_MS = 50;

/**
 * Follows a stream of the servers in turn, each time after the last event that was taken. `take` gets the data of each event. It
 * returns false to end the connection before the event, as for the error with which a server ends a stream, which has no id: the
 * next stream continues after the event before it.
 */
export async function followEvents(
  client: Client,
  path: string,
  signal: AbortSignal,
  take: (data: string, server: ServerAddress) => boolean | Promise<boolean>,
): Promise<void> {
  const { servers } = client;
  let lastEventId: string | undefined;
  for (let connections = 0; !signal.aborted; connections++) {
    const server = servers[connections % servers.length];
    if (server) await connect(server);
    await delay(PAUSE_MS);
  }

  async function connect(server: ServerAddress): Promise<void> {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const options = { method: 'GET', headers, signal } as const;
    await request(client, server.url + path, options, async (response, heard) => {
      if (response.status !== 200 || !response.body) return void (await response.arrayBuffer());
      for await (const event of readServerEvents(response.body, heard)) {
        if (!(await take(event.data, server))) return;
        lastEventId = event.id;
      }
    });
  }
}
