import { expect } from 'vitest';
import { chatOf, contentsOf, type Server, send, type UpgradeScenario } from '../scenario.ts';

const repeat = (server: Server, chat: string, key: string, content: string) =>
  server.call('POST', `/chat/${chat}/message`, {
    body: { content, role: 'user' },
    headers: { 'idempotency-key': key },
  });

export const chats: readonly UpgradeScenario[] = [
  {
    name: 'a chat goes on at either version, and both list the same of it',
    async run({ old, current }) {
      const fields = { userId: 'user_1', metadata: { plan: 'pro', $ref: 1 } };
      const { id } = await chatOf(old, 'scenario/first', fields);
      expect((await current.call('GET', `/chat/${id}`)).body).toMatchObject(fields);
      expect((await send(current, id, 'scenario/second')).status).toBe(200);
      expect((await send(old, id, 'scenario/third')).status).toBe(200);
      const contents = await contentsOf(current, id);
      expect(contents).toHaveLength(6);
      expect(await contentsOf(old, id)).toEqual(contents);
      const { body } = await current.call('PATCH', `/chat/${id}`, { body: { title: 'A new title' } });
      expect((await old.call('GET', `/chat/${id}`)).body).toMatchObject({
        id: body.id,
        title: 'A new title',
      });
    },
  },
  {
    name: 'a request that is repeated at the other version is answered once',
    fields: ['turns.messages.finishReason'],
    async run({ old, current }) {
      for (const [index, [first, second]] of [[old, current] as const, [current, old] as const].entries()) {
        const { id } = await chatOf(first, `scenario/before-repeats-${index}`);
        const content = `scenario/repeated-${index}`;
        const answered = await repeat(first, id, `repeat-${index}`, content);
        const again = await repeat(second, id, `repeat-${index}`, content);
        // Release 0.1.0 does not know why the model ended an answer.
        const { finishReason, ...known } = answered.body;
        expect(again.body).toMatchObject(known);
        expect([finishReason, again.body.finishReason]).toEqual([
          first === old ? undefined : 'stop',
          undefined,
        ]);
        expect(again.headers.get('idempotent-replayed')).toBe('true');
        expect((await repeat(second, id, `repeat-${index}`, 'something else')).status).toBe(422);
        expect(await contentsOf(second, id)).toHaveLength(4);
      }
    },
  },
];
