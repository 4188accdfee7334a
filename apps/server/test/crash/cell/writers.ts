import type { Client } from '../clients/client.ts';
import { replayAnswer } from '../clients/open-stream.ts';
import { sendMessage } from '../clients/send-message.ts';
import type { SentMessage } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import { Random } from '../random.ts';

/** After this many leases without data clients disconnect: some before, some after a lost server is replaced. */
const PATIENCE_LEASES = { least: 0.8, most: 3 };

/** A client that prefers the server with this index. */
export function clientOf({ sites, key, bounds }: Lab, random: Random, first: number): Client {
  const slots = sites.map(({ slot }) => slot);
  const { least, most } = PATIENCE_LEASES;
  const patienceLeases = least + random.next() * (most - least);
  const servers = [...slots.slice(first), ...slots.slice(0, first)];
  return { servers, key, random, patienceMs: patienceLeases * bounds.leaseMs };
}

export interface Writing {
  readonly chat: string;
  /** The beginning of every message. No other messages begin like this. */
  readonly name: string;
  readonly count: number;
  /** Users who write into the chat at the same time, each the next message after the answer to the last. */
  readonly people: number;
}

/** Sends messages into a chat, alternating the servers and the forms of delivery, each until its end is known. */
export async function writeMessages(lab: Lab, writing: Writing, random: Random): Promise<SentMessage[]> {
  const { chat, name, count, people } = writing;
  const sent: SentMessage[] = [];
  let begun = 0;
  const write = async () => {
    while (begun < count) {
      const number = begun++;
      const content = `${name}/message-${number + 1}`;
      const own = random.fork(content);
      const form = own.chance(0.5) ? 'stream' : 'wait';
      const client = clientOf(lab, own, number % lab.sites.length);
      sent.push(await sendMessage(client, { chat, content, form }));
    }
  };
  await Promise.all(Array.from({ length: people }, write));
  return sent;
}

/** Opens the stream of every answer once more, from its start: it must show the same text. */
export async function replayAll(lab: Lab, messages: readonly SentMessage[]): Promise<SentMessage[]> {
  return await Promise.all(
    messages.map(async (message, index) => {
      const { chat, content, requests } = message;
      const answerId = requests
        .map(({ result }) => result)
        .find((result) => result.kind === 'accepted')?.answerId;
      const client = clientOf(lab, new Random(index), index % lab.sites.length);
      const [server] = client.servers;
      if (answerId === undefined || !server) return message;
      const again = await replayAnswer(client, server, { chat, content, form: 'stream' }, answerId);
      return { ...message, requests: [...requests, again] };
    }),
  );
}
