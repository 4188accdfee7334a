import { expect, test } from 'vitest';
import { ConflictPauses } from './conflict-pauses.ts';

test('the second attempt follows a conflict at once, and later ones after a pause', async () => {
  const pauses = new ConflictPauses();
  let isPaused = true;
  await pauses.next();
  const second = pauses.next().then(() => {
    isPaused = false;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isPaused).toBe(true);
  await second;
  expect(isPaused).toBe(false);
});

test('the twentieth conflict is reported as `database_unavailable`', async () => {
  const pauses = new ConflictPauses();
  const all = async () => {
    for (let conflict = 1; conflict <= 20; conflict++) await pauses.next();
  };
  await expect(all()).rejects.toMatchObject({ code: 'database_unavailable' });
}, 30_000);
