import { limits } from '@parley/contract';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createCredentialCache, type ReadGuard } from './credential-cache.ts';

const reject: ReadGuard = () => Promise.reject(new Error('too many reads'));

test('a credential that does not exist is read once, however often it is tried', async () => {
  const lookUp = createCredentialCache<object>();
  const find = vi.fn(async () => undefined);
  for (let tries = 0; tries < 20; tries++) expect(await lookUp('invented', find)).toBeUndefined();
  expect(find).toHaveBeenCalledTimes(1);
});

test('a flood of invented credentials does not push out one that exists', async () => {
  const lookUp = createCredentialCache<{ id: string }>();
  const find = vi.fn(async () => ({ id: 'real' }));
  await lookUp('real', find);
  for (let index = 0; index < limits.cacheEntriesMax + 10; index++) {
    await lookUp(`invented-${index}`, async () => undefined);
  }
  expect(await lookUp('real', find)).toEqual({ id: 'real' });
  expect(find).toHaveBeenCalledTimes(1);
});

test('the guard only runs for credentials that this process has not seen', async () => {
  const lookUp = createCredentialCache<{ id: string }>();
  const find = vi.fn(async () => ({ id: 'real' }));
  await expect(lookUp('real', find, reject)).rejects.toThrow('too many reads');
  expect(find).not.toHaveBeenCalled();
  await lookUp('real', find);
  lookUp.forget('real');
  expect(await lookUp('real', find, reject)).toEqual({ id: 'real' });
  expect(find).toHaveBeenCalledTimes(2);
});

test('look-ups that waited in the guard do not read again what does not exist', async () => {
  const lookUp = createCredentialCache<object>();
  const find = vi.fn(async () => undefined);
  let last: Promise<unknown> = Promise.resolve();
  const oneAtATime: ReadGuard = (read) => {
    const result = last.then(read);
    last = result;
    return result;
  };
  await Promise.all(Array.from({ length: 20 }, () => lookUp('invented', find, oneAtATime)));
  expect(find).toHaveBeenCalledTimes(1);
});

test('a rejection by the guard is not shared with a parallel look-up', async () => {
  const lookUp = createCredentialCache<{ id: string }>();
  const find = async () => ({ id: 'real' });
  const [rejected, allowed] = await Promise.allSettled([
    lookUp('real', find, reject),
    lookUp('real', find, (read) => read()),
  ]);
  expect(rejected.status).toBe('rejected');
  expect(allowed).toEqual({ status: 'fulfilled', value: { id: 'real' } });
});

test('a credential that is created after an attempt works once the cache forgets the attempt', async () => {
  const lookUp = createCredentialCache<{ id: string }>();
  expect(await lookUp('key', async () => undefined)).toBeUndefined();
  lookUp.forget('key');
  expect(await lookUp('key', async () => ({ id: 'key' }))).toEqual({ id: 'key' });
});

test('a credential that is created after an attempt works two seconds later', async () => {
  let now = 1_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const lookUp = createCredentialCache<{ id: string }>();
  const find = async () => ({ id: 'key' });
  expect(await lookUp('key', async () => undefined)).toBeUndefined();
  now += limits.missingCacheMs - 1;
  expect(await lookUp('key', find)).toBeUndefined();
  now += 2;
  // The cache reads the clock again after a millisecond of real time.
  await expect.poll(() => lookUp('key', find)).toEqual({ id: 'key' });
});
