import { setTimeout as delay } from 'node:timers/promises';
import type { ClientRequest, SentMessage } from '../judge/history.ts';
import type { Client, ServerAddress } from './client.ts';
import { openStream } from './open-stream.ts';
import { sendAndWait } from './send-and-wait.ts';

/** A message without an answer after this time will not get one. */
const GIVE_UP_MS = 60_000;
/** The pause before the next attempt. */
const PAUSE_MS = [20, 150] as const;

export interface OutgoingMessage {
  readonly chat: string;
  readonly content: string;
  /** Whether the client waits for the answer, or streams it. */
  readonly form: 'wait' | 'stream';
  /** See `SentMessage`. */
  readonly mayMeet?: readonly string[];
  readonly visitorAt?: string;
}

/** The knowledge of a client after a request. */
export interface Knowledge {
  readonly request: ClientRequest;
  /** No further request is needed. */
  readonly isOver: boolean;
  /** The position at which the answer's stream can be continued. */
  readonly resumeAt?: { readonly messageId: string; readonly lastEventId: string | undefined };
}

/**
 * Sends a message like a correct client: with one idempotency key, repeatedly and to alternating servers, until it
 * knows how it ended. An interrupted stream is resumed after its last event.
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
