import { startScriptedModel } from '@parley/agent/testing';
import { expect } from 'vitest';
import { modelKeyOf } from '../../../apps/server/test/crash/lab/slow-model.ts';
import {
  chatOf,
  contentsOf,
  databaseOf,
  type Server,
  send,
  type UpgradeScenario,
  type World,
} from '../scenario.ts';

const SOON = { timeout: 60_000 };

const models = [
  { provider: 'default', model: 'scripted' },
  { provider: 'backup', model: 'scripted' },
];

/** A model that says half of its answer, and breaks off when the text is stored in the log. */
async function startBrokenModel({ raw }: World, database: Database) {
  const broken = await startScriptedModel();
  const log = databaseOf({ raw }, database).collection('turnLog');
  broken.replyAlways(async (call) => {
    call.text('Half of an');
    await expect.poll(() => log.countDocuments({ text: /Half of an/ }), SOON).toBe(1);
    call.cut();
  });
  return { baseUrl: broken.baseUrl, [Symbol.asyncDispose]: () => broken.stop() };
}

type Database = Awaited<ReturnType<World['newDatabase']>>;

/** The usage of a team by model, once its only turn is counted. */
async function usageByModel(server: Server): Promise<Record<string, { turns: number; calls: number }>> {
  const read = async () => (await server.call('GET', '/usage?groupBy=model')).body.usage;
  await expect
    .poll(
      async () => (await read()).reduce((sum: number, row: { turns: number }) => sum + row.turns, 0),
      SOON,
    )
    .toBe(1);
  const rows: { model: string; turns: number; calls: number }[] = await read();
  return Object.fromEntries(rows.map(({ model, turns, calls }) => [model, { turns, calls }]));
}

export const modelLists: readonly UpgradeScenario[] = [
  {
    name: 'the old version reads an agent with a list of models, answers with its default model, and keeps the list',
    fields: ['agents.versions.models.provider', 'agents.versions.models.model'],
    async run({ old, current }) {
      const agent = { name: 'Ada', type: 'support', systemPrompt: 'Be brief.' };
      const { body: made } = await current.call('POST', '/agent', {
        body: { ...agent, models: models.slice(0, 1) },
      });
      const path = `/agent/${made.id}`;
      expect((await old.call('GET', path)).body).toMatchObject({ id: made.id, version: 1, ...agent });
      const { reply } = await chatOf({ ...old, agentId: made.id }, 'scenario/of-a-list-of-models');
      expect(reply.status).toBe(200);
      expect((await old.call('PUT', path, { body: { ...agent, name: 'Eve' } })).status).toBe(200);
      expect((await current.call('GET', path)).body).toMatchObject({ name: 'Eve', models: made.models });
      // A change of the settings replaces all of them, and the old version knows no list.
      await old.call('PUT', path, { body: { ...agent, systemPrompt: 'Be kind.' } });
      expect((await current.call('GET', path)).body).not.toHaveProperty('models');
    },
  },
  {
    name: 'an answer that another model began again at this version goes on at the old one, and each model is counted',
    async run(world) {
      const { newDatabase, start, model, raw } = world;
      const database = await newDatabase();
      await using broken = await startBrokenModel(world, database);
      const { mongoUri: mongodbUri, ...team } = database;
      const name = 'fallback-first';
      const settings = { mongodbUri, modelKey: modelKeyOf(name) };
      const before = await start('current', { ...team, ...settings, firstModelUrl: broken.baseUrl });
      const { body: chat } = await before.call('POST', '/chat', { body: { agentId: team.agentId } });
      const held = model.hold(name, 0);
      const sent = send(before, chat.id, 'scenario/fallback-then-old');
      await held;
      await before[Symbol.asyncDispose]();
      model.proceed();
      await sent.catch(() => undefined);
      const after = await start('old', { ...team, ...settings });
      await expect.poll(() => contentsOf(after, chat.id), SOON).toHaveLength(2);
      const [question, answer] = await contentsOf(after, chat.id);
      expect([question, answer]).toEqual(['scenario/fallback-then-old', model.calls.at(-1)?.text]);
      const turn = await databaseOf({ raw }, database).collection('turns').findOne({ chat: chat.id });
      // The second model raised the attempt of the first run; the old version ran the turn after it.
      expect(turn).toMatchObject({ status: 'completed', takeovers: 0, lease: { attempt: 3 } });
      expect(await usageByModel(after)).toEqual({
        scripted: { turns: 1, calls: 2 },
        'backup/scripted': { turns: 0, calls: 1 },
      });
    },
  },
  {
    name: 'an answer of the old version goes on at this one, where another model begins it again',
    async run(world) {
      const { newDatabase, start, model } = world;
      const database = await newDatabase();
      await using broken = await startBrokenModel(world, database);
      const { mongoUri: mongodbUri, ...team } = database;
      const name = 'fallback-second';
      const settings = { mongodbUri, modelKey: modelKeyOf(name) };
      const before = await start('old', { ...team, ...settings });
      const { body: chat } = await before.call('POST', '/chat', { body: { agentId: team.agentId } });
      const held = model.hold(name, 0);
      const sent = send(before, chat.id, 'scenario/old-then-fallback');
      await held;
      await before[Symbol.asyncDispose]();
      model.proceed();
      await sent.catch(() => undefined);
      const after = await start('current', { ...team, ...settings, firstModelUrl: broken.baseUrl });
      await expect.poll(() => contentsOf(after, chat.id), SOON).toHaveLength(2);
      const [question, answer] = await contentsOf(after, chat.id);
      expect([question, answer]).toEqual(['scenario/old-then-fallback', model.calls.at(-1)?.text]);
      expect(await usageByModel(after)).toMatchObject({ 'backup/scripted': { turns: 1, calls: 1 } });
    },
  },
];
