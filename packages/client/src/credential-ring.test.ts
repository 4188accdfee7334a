import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CredentialRing } from './credential-ring.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;

/** A ring of ones that last ten minutes, and what its source was asked with. */
function ringOf(answers: readonly (string | Error)[]) {
  const asked: (string | undefined)[] = [];
  const told: string[] = [];
  const ring = new CredentialRing({
    from: async (refused) => {
      const answer = answers[asked.push(refused) - 1] ?? 'none';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    code: 'user_token_needed',
    lifeMsOf: () => 10 * MINUTE_MS,
    onNew: (one) => told.push(one),
  });
  return { ring, asked, told };
}

test('one that is over soon is replaced half a minute before, and nobody waits for the next', async () => {
  const { ring, asked, told } = ringOf(['one', 'two']);
  expect(await ring.current()).toBe('one');
  vi.advanceTimersByTime(9.4 * MINUTE_MS);
  expect(await ring.current()).toBe('one');
  expect(asked).toEqual([undefined]);
  vi.advanceTimersByTime(0.2 * MINUTE_MS);
  expect(await ring.current()).toBe('one');
  await expect.poll(() => ring.current()).toBe('two');
  expect([asked, told]).toEqual([
    [undefined, 'one'],
    ['one', 'two'],
  ]);
});

test('where no other is to be had yet, it is used to its end, and asked for now and then', async () => {
  const { ring, asked } = ringOf(['one', new Error('away'), 'two']);
  await ring.current();
  vi.advanceTimersByTime(9.6 * MINUTE_MS);
  for (let times = 0; times < 10; times++) expect(await ring.current()).toBe('one');
  expect(asked).toEqual([undefined, 'one']);
  vi.advanceTimersByTime(MINUTE_MS);
  await expect.poll(() => ring.current()).toBe('two');
  expect(asked).toHaveLength(3);
});

test('what comes for somebody who was forgotten meanwhile is not taken', async () => {
  const { ring, told } = ringOf(['one', 'two']);
  const asking = ring.current();
  ring.forget();
  expect(await ring.current()).toBe('two');
  expect(await asking).toBe('one');
  expect(told).toEqual(['two']);
  expect(await ring.current()).toBe('two');
});
