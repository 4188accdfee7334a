import type { Agent } from 'node:http';
import { openRequest, readText } from './open-request.ts';
import type { Call, Target } from './task.ts';

/** An answer and how long it took, in milliseconds. */
export interface Answered {
  readonly answer: unknown;
  readonly tookMs: number;
}

/**
 * Sends one request and gives its answer.
 *
 * @throws Error when it is not a 200 with JSON
 */
export async function send(target: Target, agent: Agent, call: Call): Promise<Answered> {
  const startedAt = performance.now();
  const response = await openRequest(target, agent, call);
  const text = await readText(response);
  if (response.statusCode !== 200) {
    throw new Error(`${call.method} ${call.path} was answered ${response.statusCode}: ${text}`);
  }
  return { answer: JSON.parse(text), tookMs: performance.now() - startedAt };
}
