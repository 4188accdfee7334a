import { mintId } from '@parley/contract';
import type { BlockedUser } from '@parley/db';
import { expect, test } from 'vitest';
import { type Job, type JobClock, jobsOf, startBackgroundJobs } from './background-jobs.ts';

/** A clock that the test moves. */
class SteppedClock implements JobClock {
  #now = 0;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const { until, wake } of [...this.#sleepers]) if (until <= this.#now) wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Line {
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

function start(...jobs: readonly (Partial<Job> & Pick<Job, 'name' | 'run'>)[]) {
  const clock = new SteppedClock();
  const lines: Line[] = [];
  const running = startBackgroundJobs(
    jobs.map((job) => ({ everyMs: 100, maxMs: 1_000, ...job })),
    (_level, event, fields) => void lines.push({ event, fields }),
    clock,
  );
  return { clock, lines, close: running.close };
}

test('a job that never ends does not delay other jobs, and does not overlap itself', async () => {
  const runs = { hanging: 0, quick: 0 };
  const { clock, lines, close } = start(
    {
      name: 'hanging',
      run: () => {
        runs.hanging++;
        return new Promise(() => undefined);
      },
    },
    { name: 'quick', run: async () => void runs.quick++ },
  );
  for (let step = 0; step < 20; step++) await clock.advance(100);
  expect(runs).toEqual({ hanging: 1, quick: 20 });
  expect(lines.map(({ fields }) => fields['job'])).toEqual(['hanging']);
  const closing = close();
  await clock.advance(10_000);
  await closing;
  expect(lines.at(-1)?.event).toBe('a background job did not end; the server stops without it');
});

test('a job that always fails is logged and repeated, and other jobs continue', async () => {
  const runs = { failing: 0, quick: 0 };
  const { clock, lines, close } = start(
    {
      name: 'failing',
      run: async () => {
        runs.failing++;
        throw new Error('it always fails');
      },
    },
    { name: 'quick', run: async () => void runs.quick++ },
  );
  for (let step = 0; step < 3; step++) await clock.advance(100);
  expect(runs).toEqual({ failing: 3, quick: 3 });
  expect(lines.map(({ fields }) => fields['job'])).toEqual(['failing', 'failing', 'failing']);
  await close();
});

test('a run that takes too long is asked to end, and the next run continues', async () => {
  let done = 0;
  const { clock, close } = start({
    name: 'long',
    run: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          done++;
          resolve();
        });
      }),
  });
  await clock.advance(100);
  await clock.advance(999);
  expect(done).toBe(0);
  await clock.advance(1);
  expect(done).toBe(1);
  await clock.advance(100);
  await clock.advance(1_000);
  expect(done).toBe(2);
  await close();
});

test('closing waits for running jobs, and starts no more', async () => {
  let runs = 0;
  const work = Promise.withResolvers<void>();
  const { clock, close } = start({
    name: 'job',
    run: () => {
      runs++;
      return work.promise;
    },
  });
  await clock.advance(100);
  let isClosed = false;
  const closing = close().then(() => {
    isClosed = true;
  });
  await clock.advance(200);
  expect(isClosed).toBe(false);
  work.resolve();
  await closing;
  await clock.advance(1_000);
  expect(runs).toBe(1);
});

test.each([
  ['at the same time', () => 0],
  ['one after the other', (index: number) => index],
  ['in groups', (index: number) => Math.floor(index / 700)],
])('the answers of 2,500 users who were blocked %s are all stopped', async (_, atOf) => {
  const team = mintId('team');
  const now = Date.now();
  const blocked: BlockedUser[] = Array.from({ length: 2_500 }, (_one, index) => ({
    ...{ id: `status-${index}`, team, user: `user-${index}` },
    blockedAt: new Date(now + atOf(index)),
  }));
  const stopped: string[] = [];
  const unused = undefined as never;
  const [, job] = jobsOf(
    unused,
    {
      ...{ guests: unused, agents: unused, chats: unused, files: unused },
      userStatuses: {
        listBlockedSince: async (since: Date, limit: number, except: readonly string[]) =>
          blocked.filter(({ id, blockedAt }) => blockedAt >= since && !except.includes(id)).slice(0, limit),
      } as never,
    },
    { deleteIdleChat: unused, stopUser: async (_scope, user) => void stopped.push(user) },
    () => undefined,
  );
  expect(job?.name).toBe('blocked users');
  await job?.run(new AbortController().signal);
  expect(stopped).toEqual(blocked.map(({ user }) => user));
});
