import { toParleyError } from '@parley/client';
import { openParley } from '../session.ts';
import type { CheckTarget, Finding } from './check.ts';

/** Checks that a model answers, with one message in a chat that is deleted afterwards. */
export async function checkModel({ access }: CheckTarget): Promise<Finding[]> {
  if (!access) return [];
  const parley = openParley(access);
  const { trpc } = parley;
  const before = performance.now();
  try {
    const agentId = (await trpc.agent.list.query({})).agents[0]?.id;
    if (!agentId) return [];
    const { id: chatId } = await trpc.chat.create.mutate({ agentId });
    try {
      await trpc.message.create.mutate({ chatId, content: 'Say hello.', role: 'user' });
    } finally {
      await trpc.chat.delete.mutate({ chatId });
    }
    const seconds = ((performance.now() - before) / 1_000).toFixed(1);
    return [{ name: 'model', status: 'ok', detail: `answers in ${seconds} s` }];
  } catch (error) {
    const { code, message, requestId } = toParleyError(error);
    const detail = `${message} (${code}${requestId === undefined ? '' : `, request ${requestId}`})`;
    return [{ name: 'model', status: 'fail', detail, fix: "Look for this request in the server's log." }];
  } finally {
    parley.close();
  }
}
