import { Agent } from 'node:http';
import type { LargeList } from './beside.ts';
import { openRequest } from './open-request.ts';
import type { Target } from './task.ts';

const CLIENTS = 2;

interface Lists {
  readonly target: Target;
  readonly lists: readonly LargeList[];
}

/**
 * Clients that ask for large lists again and again, as soon as they have the last one, each for one list after the other.
 *
 * @throws Error when an answer is no 200 or too short, and when a client got none
 */
export async function readLargeLists({ target, lists }: Lists, signal: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const counts = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      let count = 0;
      for (; !signal.aborted; count++) {
        const list = lists[(client + count) % lists.length];
        if (list) await readList(target, agent, list);
      }
      return count;
    }),
  );
  agent.destroy();
  if (counts.includes(0)) throw new Error('No large list was answered.');
}

/** Its text is not looked at: that would take more of the processor than the server's own part. */
async function readList(target: Target, agent: Agent, { path, bytesMin }: LargeList): Promise<void> {
  const response = await openRequest(target, agent, { method: 'GET', path });
  let bytes = 0;
  for await (const piece of response) bytes += (piece as Buffer).length;
  if (response.statusCode !== 200 || bytes < bytesMin) {
    throw new Error(`GET ${path} was answered ${response.statusCode} with ${bytes} bytes.`);
  }
}
