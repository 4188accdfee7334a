import { setTimeout as delay } from 'node:timers/promises';
import type { ClientRequest, SentMessage } from '../judge/history.ts';
import type { Client, ServerAddress } from './client.ts';
import { openStream } from './open-stream.ts';
import { sendAndWait } from './send-and-wait.ts';

/** A message that is not answered by then never is. */
const GIVE_UP_MS = 60_000;
/** Before the next try, as a polite client has it. */
const PAUSE_MS = [20, 150] as const;

export interface OutgoingMessage {
  readonly chat: string;
  readonly content: string;
  /** Whether its answer is waited for, or streamed. */
  readonly form: 'wait' | 'stream';
  /** As in `SentMessage`. */
  readonly mayMeet?: readonly string[];
  readonly visitorAt?: string;
}

/** The knowledge of a client after a request. */
export interface Knowledge {
  readonly request: ClientRequest;
  /** There is nothing more to learn. */
  readonly isOver: boolean;
  /** The position at which the answer's stream can be continued. */
  readonly resumeAt?: { readonly messageId: string; readonly lastEventId: string | undefined };
}

/**
 * Sends a message as a good client does: under one idempotency key, again and again, now to this server and
 * now to that, until it knows how it ended. A stream that broke off is taken up after its last event.
 */
export async function sendMessage(client: Client, message: OutgoingMessage): Promise<SentMessage> {
  const { random, servers } = client;
  const requests: ClientRequest[] = [];
  const giveUpAt = performance.now() + GIVE_UP_MS;
  let [server] = servers;
  for (let resumeAt: Knowledge['resumeAt']; server && performance.now() < giveUpAt; ) {
    const known = await ask(client, server, message, resumeAt);
    requests.push(known.request);
    if (known.isOver) break;
    resumeAt = known.resumeAt ?? resumeAt;
    server = next(servers, server);
    await delay(random.between(...PAUSE_MS));
  }
  const { chat, content, mayMeet, visitorAt } = message;
  return { chat, content, requests, ...(mayMeet && { mayMeet }), ...(visitorAt && { visitorAt }) };
}

function next(servers: readonly ServerAddress[], last: ServerAddress): ServerAddress | undefined {
  return servers[(servers.indexOf(last) + 1) % servers.length];
}

async function ask(
  client: Client,
  server: ServerAddress,
  message: OutgoingMessage,
  resumeAt: Knowledge['resumeAt'],
): Promise<Knowledge> {
  if (message.form === 'wait') return await sendAndWait(client, server, message);
  return await openStream(client, server, message, resumeAt);
}
