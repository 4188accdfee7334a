import { Agent } from 'node:http';
import type { Answered } from './send.ts';
import { stream } from './stream.ts';
import type { Call, Round, Target } from './task.ts';

/** Streams that have begun. */
export interface OpenStreams {
  /**
   * Reads them to their ends.
   *
   * @throws Error at the first that did not tell all
   */
  finish(): Promise<void>;
}

/** Opens all streams of a round; each has shown its first token when this returns. */
export async function openStreams(target: Target, { tasks }: Round): Promise<OpenStreams> {
  const agent = new Agent();
  const opened = tasks.flat().map((call) => openStream(target, agent, call));
  await Promise.race([Promise.all(opened.map(({ begun }) => begun)), failure(opened)]);
  return {
    async finish() {
      for (const { call, ended } of opened) call.check((await ended).answer);
      agent.destroy();
    },
  };
}

interface OpenStream {
  readonly call: Call;
  readonly begun: Promise<void>;
  readonly ended: Promise<Answered>;
}

function openStream(target: Target, agent: Agent, call: Call): OpenStream {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  return { call, begun, ended: stream(target, agent, call, resolve) };
}

/** Never resolves: a stream that ends early is found by its check. */
function failure(opened: readonly OpenStream[]): Promise<never> {
  return new Promise((_, reject) => {
    for (const { ended } of opened) ended.catch(reject);
  });
}
