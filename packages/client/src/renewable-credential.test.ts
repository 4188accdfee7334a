import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RenewableCredential } from './renewable-credential.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;

/** A ring of credentials that last ten minutes, with a record of the calls of its source. */
function ringOf(answers: readonly (string | Error)[]) {
  const asked: (string | undefined)[] = [];
  const received: string[] = [];
  const ring = new RenewableCredential({
    from: async (refused) => {
      const answer = answers[asked.push(refused) - 1] ?? 'none';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    code: 'user_token_needed',
    lifeMsOf: () => 10 * MINUTE_MS,
    onNew: (one) => received.push(one),
  });
  return { ring, asked, received };
}

test('renews a credential half a minute before it expires, in the background', async () => {
  const { ring, asked, received } = ringOf(['one', 'two']);
  expect(await ring.current()).toBe('one');
  vi.advanceTimersByTime(9.4 * MINUTE_MS);
  expect(await ring.current()).toBe('one');
  expect(asked).toEqual([undefined]);
  vi.advanceTimersByTime(0.2 * MINUTE_MS);
  expect(await ring.current()).toBe('one');
  await expect.poll(() => ring.current()).toBe('two');
  expect([asked, received]).toEqual([
    [undefined, 'one'],
    ['one', 'two'],
  ]);
});

test('keeps using an expiring credential and retries now and then if its renewal fails', async () => {
  const { ring, asked } = ringOf(['one', new Error('unreachable'), 'two']);
  await ring.current();
  vi.advanceTimersByTime(9.6 * MINUTE_MS);
  for (let times = 0; times < 10; times++) expect(await ring.current()).toBe('one');
  expect(asked).toEqual([undefined, 'one']);
  vi.advanceTimersByTime(MINUTE_MS);
  await expect.poll(() => ring.current()).toBe('two');
  expect(asked).toHaveLength(3);
});

test('ignores a credential that was requested before the user was forgotten', async () => {
  const { ring, received } = ringOf(['one', 'two']);
  const asking = ring.current();
  ring.forget();
  expect(await ring.current()).toBe('two');
  expect(await asking).toBe('one');
  expect(received).toEqual(['two']);
  expect(await ring.current()).toBe('two');
});
