import type { Agent } from 'node:http';
import { readStatedTime } from '../script.ts';
import { openRequest, readText } from './open-request.ts';
import { readMessageStream } from './read-message-stream.ts';
import type { Answered } from './send.ts';
import type { Call, Target } from './task.ts';

/**
 * Sends one message and reads its answer as it comes. The time it took is the time to the first token, less
 * the model's own.
 *
 * @throws Error when it is not a 200 with a whole message stream
 */
export async function stream(
  target: Target,
  agent: Agent,
  call: Call,
  onFirstToken?: () => void,
): Promise<Answered> {
  const startedAt = performance.now();
  let firstTokenAt: number | undefined;
  const response = await openRequest(target, agent, call);
  const text = await readText(response, (sofar) => {
    // Events are read at the end: while streams run, the processor is for what is measured.
    if (firstTokenAt !== undefined || !sofar.includes('"text-delta"')) return;
    firstTokenAt = performance.now();
    onFirstToken?.();
  });
  if (response.statusCode !== 200 || response.headers['x-vercel-ai-ui-message-stream'] !== 'v1') {
    throw new Error(`${call.method} ${call.path} was answered ${response.statusCode}, no stream: ${text}`);
  }
  const answer = readMessageStream(text);
  const { ownMs } = readStatedTime(answer.content);
  return { answer, tookMs: (firstTokenAt ?? Number.NaN) - startedAt - ownMs };
}
