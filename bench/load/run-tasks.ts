import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { send } from './send.ts';
import { stream } from './stream.ts';
import type { Round, Target } from './task.ts';

/** The times of one round. */
export interface RoundTimes {
  readonly count: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/**
 * Does all tasks, `concurrency` at a time, each worker one call after the other.
 *
 * @throws Error at the first answer that is not right
 */
export async function runTasks(
  target: Target,
  { tasks, spreadMs = 0 }: Round,
  concurrency: number,
): Promise<RoundTimes> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const times: number[] = [];
  const queue = tasks.values();
  const work = async (_: unknown, worker: number) => {
    if (spreadMs > 0) await delay((worker * spreadMs) / concurrency);
    for (const task of queue) {
      for (const call of task) {
        const { answer, tookMs } = await (call.isStreamed ? stream : send)(target, agent, call);
        times.push(tookMs);
        call.check(answer);
      }
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  const elapsedMs = performance.now() - startedAt;
  agent.destroy();
  return roundTimes(times, elapsedMs);
}

/** The result of a round whose operations took these times. */
export function roundTimes(times: readonly number[], elapsedMs: number): RoundTimes {
  const sorted = times.toSorted((one, other) => one - other);
  return {
    count: times.length,
    elapsedMs,
    p50Ms: percentile(sorted, 50),
    p95Ms: percentile(sorted, 95),
    p99Ms: percentile(sorted, 99),
  };
}

/** The nearest rank. */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN;
}
