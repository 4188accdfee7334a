import { scripts, startScriptedModel } from '@parley/agent/testing';
import { expect } from 'vitest';
import { contentsOf, databaseOf, type Server, send, type UpgradeScenario, type World } from '../scenario.ts';

const SOON = { timeout: 60_000 };

/** A database that the old release made, and a model of its own; with the settings of its servers. */
async function openSite(world: World, own: AsyncDisposableStack) {
  const model = await startScriptedModel();
  own.defer(() => model.stop());
  const database = await world.newDatabase();
  const { mongoUri: mongodbUri, ...team } = database;
  const turns = databaseOf(world, database).collection('turns');
  return { model, turns, settings: { mongodbUri, ...team, modelUrl: model.baseUrl } };
}

async function newChat(server: Server): Promise<string> {
  return (await server.call('POST', '/chat', { body: { agentId: server.agentId } })).body.id;
}

/** A site with a server of each version, and a chat that the current one made. */
async function openBoth(world: World, own: AsyncDisposableStack) {
  const { model, turns, settings } = await openSite(world, own);
  const [old, current] = [await world.start('old', settings), await world.start('current', settings)];
  return { model, turns, old, current, chat: await newChat(current) };
}

async function failedAnswer(server: Server, chat: string) {
  const { body } = await server.call('GET', `/chat/${chat}/message`);
  return body.messages[0];
}

const retry = (server: Server, chat: string, answer: string) =>
  server.call('POST', `/chat/${chat}/message/${answer}/retry`, { body: {} });

export const failures: readonly UpgradeScenario[] = [
  {
    name: 'the old version reads a code that it does not know as one that it knows, and retries the failed answer',
    fields: ['turns.exactErrorCode'],
    async run(world) {
      await using own = new AsyncDisposableStack();
      const { model, turns, old, current, chat } = await openBoth(world, own);
      model.reply(scripts.status(401));
      const failed = await send(current, chat, 'scenario/refused-key');
      expect(failed.body.code).toBe('model_key_refused');
      const stored = { errorCode: 'model_refused', exactErrorCode: 'model_key_refused' };
      expect(await turns.findOne({ chat })).toMatchObject(stored);
      expect(await failedAnswer(current, chat)).toMatchObject({ errorCode: 'model_key_refused' });
      expect(await failedAnswer(old, chat)).toMatchObject({ errorCode: 'model_refused' });
      expect((await retry(old, chat, failed.body.messageId)).status).toBe(200);
      for (const server of [old, current]) expect(await contentsOf(server, chat)).toHaveLength(2);
    },
  },
  {
    name: 'the old version retries an answer that failed with a time at which the model accepts requests again',
    fields: ['turns.retryAt'],
    async run(world) {
      await using own = new AsyncDisposableStack();
      const { model, turns, old, current, chat } = await openBoth(world, own);
      model.reply(scripts.status(429, { headers: { 'retry-after': '95' } }));
      const failed = await send(current, chat, 'scenario/busy-model');
      expect(failed.body.code).toBe('model_rate_limited');
      expect(await turns.findOne({ chat })).toMatchObject({ retryAt: expect.any(Date) });
      expect(await failedAnswer(current, chat)).toMatchObject({ retryAt: expect.any(String) });
      const { retryAt, ...known } = await failedAnswer(current, chat);
      expect(await failedAnswer(old, chat)).toEqual(known);
      expect((await retry(old, chat, failed.body.messageId)).status).toBe(200);
      expect(await contentsOf(old, chat)).toHaveLength(2);
      expect(await contentsOf(current, chat)).toEqual(await contentsOf(old, chat));
    },
  },
  {
    name: 'the old version runs an answer for which this one waited, and this one shows no wait of it',
    fields: ['turns.wait.attempt', 'turns.wait.until'],
    async run(world) {
      await using own = new AsyncDisposableStack();
      const { model, turns, settings } = await openSite(world, own);
      const before = await world.start('current', settings);
      const chat = await newChat(before);
      model.reply(scripts.status(429, { headers: { 'retry-after': '15' } }));
      const sent = send(before, chat, 'scenario/waiting').catch(() => undefined);
      const waiting = { chat, 'wait.until': { $gt: new Date() } };
      await expect.poll(() => turns.countDocuments(waiting), SOON).toBe(1);
      await before[Symbol.asyncDispose]();
      await sent;
      const old = await world.start('old', settings);
      await expect.poll(() => contentsOf(old, chat), SOON).toHaveLength(2);
      const current = await world.start('current', settings);
      const { body } = await current.call('GET', `/chat/${chat}/message`);
      expect(body.messages.map(({ status }: { status: string }) => status)).toContain('completed');
      expect(JSON.stringify(body)).not.toContain('retryAt');
      expect((await send(current, chat, 'scenario/after-the-wait')).status).toBe(200);
    },
  },
];
