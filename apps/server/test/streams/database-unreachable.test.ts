import { createGate } from '@parley/agent/testing';
import type { NewKey } from '@parley/contract';
import { afterEach, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { isPart, outlineOf } from '../support/ui-message-stream.ts';

/*
 * Open streams while their credentials cannot be read, because the database is unreachable. The streamed answer runs
 * on the same server, under a lease that outlives the test, so nothing else ends its stream.
 */

const proxy = await startDatabaseProxy();
const options = { addressOf: proxy.addressOf, bounds: { leaseMs: 600_000, tickMs: 50 } };
const quick = { checkEveryMs: 100, firstCheckMs: 50 };
const strict = await startHarness({ ...options, streamTimes: { ...quick, uncheckedMaxMs: 1_000 } });
const patient = await startHarness({ ...options, streamTimes: { ...quick, uncheckedMaxMs: 600_000 } });

afterEach(async () => {
  proxy.restore();
  for (const { rest } of [strict, patient]) {
    await expect.poll(async () => (await rest('GET', '/readyz')).status, { timeout: 30_000 }).toBe(200);
  }
});

/** The stream of an answer that has begun and continues when the gate is released. */
async function begin({ makeTeam, model }: typeof strict, content: string) {
  const team = await makeTeam();
  const { body: key } = await team.rest<NewKey>('POST', '/key', { body: { kind: 'secret' } });
  const { id } = await team.makeChat();
  const end = createGate();
  model.replyTo(content, async (call) => {
    call.text('before');
    await end.released;
    call.finish();
  });
  const stream = await team.stream(id, content, { headers: { 'x-api-key': key.key } });
  await stream.until(isPart('text-delta'));
  return { team, key, stream, end };
}

test.each(['cut', 'silence'] as const)(
  'a stream ends with database_unavailable after the limit when the database fails by %s, and its answer continues',
  async (how) => {
    const { stream, end } = await begin(strict, `while it is unreachable by ${how}`);
    const logged = strict.log.next(({ msg }) => msg === 'streams ended: their credentials could not be read');
    proxy[how]();
    const events = await stream.rest();
    expect(outlineOf(events).slice(-3)).toEqual([
      '- data-refusal database_unavailable',
      '- error',
      '- [DONE]',
    ]);
    expect(await logged).toMatchObject({ streams: 1 });
    expect(strict.composition.turns.running).toBe(1);
    expect(strict.composition.services.streams.size).toBe(0);
    end.release();
  },
);

test('a stream survives a shorter absence of the database and is checked again', async () => {
  const { team, key, stream, end } = await begin(patient, 'a short absence');
  const failed = patient.log.next(({ msg }) => msg === 'the credentials of open streams could not be read');
  proxy.cut();
  await failed;
  proxy.restore();
  await expect.poll(async () => (await patient.rest('GET', '/readyz')).status, { timeout: 30_000 }).toBe(200);
  expect(patient.composition.services.streams.size).toBe(1);
  expect((await team.rest('DELETE', `/key/${key.id}`)).status).toBe(204);
  expect(outlineOf(await stream.rest()).slice(-3)).toEqual([
    '- data-refusal unauthorized',
    '- error',
    '- [DONE]',
  ]);
  end.release();
});
