import type { Answer } from '@parley/contract';
import type { ClientResult } from '../judge/history.ts';
import { type Rejected, readApiError, resultOfApiError } from './api-errors.ts';
import { type Client, request, type ServerAddress } from './client.ts';
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
  const apiError = found?.apiError;
  return {
    request: {
      server: server.name,
      form: 'wait',
      interval: { from, to },
      knownAt: to,
      result: found?.result ?? { kind: 'unknown' },
      ...(apiError && { apiError }),
      oddities: [],
    },
    isOver: found !== undefined && !apiError?.isTransient,
  };
}

async function readAnswer(response: Response): Promise<{ result: ClientResult; apiError?: Rejected }> {
  if (!response.ok) {
    const apiError = await readApiError(response);
    return { result: resultOfApiError(apiError), apiError };
  }
  const answer = (await response.json()) as Answer;
  const { id, userMessageId, status, content } = answer;
  const isReplay = response.headers.get('idempotent-replayed') === 'true';
  const end = { status: status as 'completed' | 'stopped', text: content };
  return { result: { kind: 'accepted', answerId: id, userMessageId, isReplay, end } };
}
