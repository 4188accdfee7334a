import { connectDatabase } from '@parley/db';
import { expect } from 'vitest';
import { questionOf } from '../../../apps/server/test/crash/judge/to-history.ts';
import { contentsOf, type Server, send, type UpgradeScenario, type World } from '../scenario.ts';

const SOON = { timeout: 60_000 };
/** A recovery loop may be faster than the server whose turn has just ended. */
const TRIES = 5;

const ORIGIN = { isPrivileged: false, networks: [expect.any(String)] };

async function openKeyOf({ current }: World): Promise<string> {
  const { body } = await current.call('POST', '/key', { body: { kind: 'publishable', access: 'open' } });
  return body.key;
}

async function newChat(server: Server, key: string): Promise<string> {
  return (await server.call('POST', '/chat', { body: { agentId: server.agentId }, key })).body.id;
}

const begin = (server: Server, chat: string, content: string, key: string) =>
  server.call('POST', `/chat/${chat}/message`, { body: { content, role: 'user', wait: false }, key });

const storedTurn = ({ raw }: World, answerId: string) => raw.collection('turns').findOne({ answerId });

/** Sends a message through `accepting` behind one that runs at `running`; answers which server ran it. */
async function queueBehind(world: World, running: Server, accepting: Server, key: string, name: string) {
  const { model, raw } = world;
  const chat = await newChat(running, key);
  const held = model.hold(running.name ?? '', 0);
  const first = send(running, chat, `${name}/first`, { key });
  await held;
  const sent = await begin(accepting, chat, `${name}/second`, key);
  expect(sent.status).toBe(200);
  const queued = await storedTurn(world, sent.body.id);
  model.proceed();
  expect((await first).status).toBe(200);
  const ended = () => raw.collection('turns').findOne({ answerId: sent.body.id, status: 'completed' });
  await expect.poll(ended, SOON).not.toBeNull();
  const ranAt = model.calls.findLast(({ context }) => questionOf(context) === `${name}/second`)?.server;
  return { chat, answerId: sent.body.id as string, queued, ranAt };
}

/** Until the turn was run by that server. */
async function queueUntilRunAt(world: World, server: Server, accepting: Server, key: string, name: string) {
  for (let number = 1; number <= TRIES; number++) {
    const done = await queueBehind(world, server, accepting, key, `${name}-${number}`);
    if (done.ranAt === server.name) return done;
  }
  throw new Error(`server ${server.name} ran none of ${TRIES} turns`);
}

export const origins: readonly UpgradeScenario[] = [
  {
    name: 'a message that this version accepts, with the address it came from, is run and listed by the old one',
    fields: ['turns.origin.isPrivileged', 'turns.origin.networks'],
    async run(world) {
      const { old, current, mongoUri } = world;
      const key = await openKeyOf(world);
      const done = await queueUntilRunAt(world, old, current, key, 'scenario/origin-forwards');
      expect(done.queued).toMatchObject({ status: 'queued', origin: ORIGIN });
      expect(await contentsOf(old, done.chat, key)).toHaveLength(4);
      expect(await contentsOf(current, done.chat, key)).toEqual(await contentsOf(old, done.chat, key));
      expect((await send(current, done.chat, 'scenario/origin-goes-on', { key })).status).toBe(200);

      // The old version leaves the hashed address with the answer. The migration takes it away.
      expect(await storedTurn(world, done.answerId)).toMatchObject({ origin: ORIGIN });
      const database = await connectDatabase(mongoUri);
      await database
        .migrate(() => undefined, { again: true, signal: AbortSignal.timeout(60_000) })
        .finally(() => database.close());
      expect((await storedTurn(world, done.answerId))?.['origin']).toEqual({ isPrivileged: false });
    },
  },
  {
    name: 'a message that the old version accepts, without an address, is run and listed by this one',
    async run(world) {
      const { old, current } = world;
      const key = await openKeyOf(world);
      const done = await queueUntilRunAt(world, current, old, key, 'scenario/origin-back');
      expect(done.queued).toMatchObject({ status: 'queued' });
      expect(done.queued).not.toHaveProperty('origin');
      expect(await contentsOf(current, done.chat, key)).toHaveLength(4);
      expect(await contentsOf(old, done.chat, key)).toEqual(await contentsOf(current, done.chat, key));
    },
  },
  {
    name: 'an answer that failed at one version, for a caller with an address, is retried at the other',
    async run(world) {
      const { old, current, raw } = world;
      const key = await openKeyOf(world);
      for (const [name, failing, retrying] of [
        ['old', current, old],
        ['new', old, current],
      ] as const) {
        const chat = await newChat(failing, key);
        const { body } = await send(failing, chat, `scenario/retried-at-${name}`, { key });
        // As a run leaves it that the model has failed.
        await raw.collection<{ answerId: string; messages: { role: string }[] }>('turns').updateOne(
          { answerId: body.id },
          {
            $set: { status: 'failed', errorCode: 'model_failed' },
            $pull: { messages: { role: 'assistant' } },
          },
        );
        const retried = await retrying.call('POST', `/chat/${chat}/message/${body.id}/retry`, {
          key,
          body: {},
        });
        expect([retried.status, retried.body.role]).toEqual([200, 'assistant']);
        for (const server of [old, current]) expect(await contentsOf(server, chat, key)).toHaveLength(2);
      }
    },
  },
];
