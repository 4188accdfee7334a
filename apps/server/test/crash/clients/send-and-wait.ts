import type { Answer } from '@parley/contract';
import type { ClientResult } from '../judge/history.ts';
import { type Client, request, type ServerAddress } from './client.ts';
import { type Refused, readRefusal, resultOfRefusal } from './refusals.ts';
import type { Knowledge, OutgoingMessage } from './send-message.ts';

/** Sends a message and waits for its answer as JSON. */
export async function sendAndWait(
  client: Client,
  server: ServerAddress,
  { chat, content }: OutgoingMessage,
): Promise<Knowledge> {
  const from = Date.now();
  const headers = { 'idempotency-key': content };
  const body = { content, role: 'user' };
  const url = `${server.url}/chat/${chat}/message`;
  const found = await request(client, url, { method: 'POST', headers, body }, readAnswer);
  const to = Date.now();
  const refusal = found?.refusal;
  return {
    request: {
      server: server.name,
      form: 'wait',
      interval: { from, to },
      knownAt: to,
      result: found?.result ?? { kind: 'unknown' },
      ...(refusal && { refusal }),
      oddities: [],
    },
    isOver: found !== undefined && !refusal?.isPassing,
  };
}

async function readAnswer(response: Response): Promise<{ result: ClientResult; refusal?: Refused }> {
  if (!response.ok) {
    const refusal = await readRefusal(response);
    return { result: resultOfRefusal(refusal), refusal };
  }
  const answer = (await response.json()) as Answer;
  const { id, userMessageId, status, content } = answer;
  const isReplay = response.headers.get('idempotent-replayed') === 'true';
  const end = { status: status as 'completed' | 'stopped', text: content };
  return { result: { kind: 'accepted', answerId: id, userMessageId, isReplay, end } };
}
