import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { type Session, sessionHeaders } from './visitor.ts';

interface Target {
  readonly url: string;
  /** The address under which browsers open the chat page (`PUBLIC_URL`). */
  readonly publicUrl: string;
  readonly agentId: string;
  /** The content of its requests: a message that the model does not answer. */
  readonly message: string;
}

const VISITORS = 50;
const SENDS = 4;

/**
 * One address that sends in bursts: 50 visitors of the chat page, with the key that all its visitors share, create a chat each
 * at the same time and send four messages to a model that never answers, one after the other. Two seconds later each repeats
 * it, until the signal aborts. Returns the count of each status.
 */
export async function attack(
  { url, publicUrl, agentId, message }: Target,
  address: string,
  signal: AbortSignal,
) {
  const statuses = new Map<number, number>();
  // `fetch` takes several times as much CPU, which this machine's other processes would miss.
  const agent = new Agent({ keepAlive: true });

  async function post(path: string, headers: Record<string, string>, body: object): Promise<unknown> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        agent,
        method: 'POST',
        headers: { 'x-forwarded-for': address, 'content-type': 'application/json', ...headers },
      };
      request(url + path, options, resolve)
        .once('error', reject)
        .end(JSON.stringify(body));
    });
    const status = response.statusCode ?? 0;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return json(response);
  }

  async function beVisitor(): Promise<void> {
    let credentials: Record<string, string> = {};
    while (!signal.aborted) {
      if (!('x-user-token' in credentials)) {
        const session = (await post('/web/session', sessionHeaders(publicUrl), {})) as Partial<Session>;
        const { publishableKey, userToken } = session;
        if (publishableKey && userToken)
          credentials = { 'x-api-key': publishableKey, 'x-user-token': userToken };
      }
      const { id } = (await post('/chat', credentials, { agentId })) as { id?: string };
      for (let send = 0; send < SENDS; send++) {
        const body = { content: message, role: 'user', wait: false };
        await post(`/chat/${id ?? 'chat_none'}/message`, credentials, body);
      }
      await pause(signal);
    }
  }

  await Promise.all(Array.from({ length: VISITORS }, beVisitor));
  agent.destroy();
  return statuses;
}

/** One machine plays everybody: an attack without a pause would take its processor, not the server's places. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 2_000);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
