import { expect } from 'vitest';
import { chatOf, send, type UpgradeScenario } from '../scenario.ts';

export const deletions: readonly UpgradeScenario[] = [
  {
    name: 'a chat that one version deletes is deleted at the other, for reads and for messages',
    async run({ old, current }) {
      for (const [deleting, other] of [
        [old, current],
        [current, old],
      ] as const) {
        const { id } = await chatOf(other, 'scenario/to-be-deleted');
        expect((await deleting.call('DELETE', `/chat/${id}`)).status).toBe(204);
        expect((await other.call('GET', `/chat/${id}`)).status).toBe(404);
        expect((await send(other, id, 'scenario/too-late')).status).toBe(404);
        expect((await send(deleting, id, 'scenario/too-late')).status).toBe(404);
        const { body } = await other.call('GET', '/chat');
        expect(body.chats.map((chat: { id: string }) => chat.id)).not.toContain(id);
      }
    },
  },
  {
    name: "a user whom one version deletes has no chats at the other, and nobody else's are touched",
    async run({ old, current }) {
      for (const [index, [deleting, other]] of [[old, current] as const, [current, old] as const].entries()) {
        const userId = `leaving_${index}`;
        const deleted = await chatOf(other, 'scenario/of-a-user', { userId });
        const kept = await chatOf(other, 'scenario/of-another', { userId: `staying_${index}` });
        expect((await deleting.call('DELETE', `/user/${userId}`)).status).toBeLessThan(300);
        await expect
          .poll(async () => (await other.call('GET', `/chat/${deleted.id}`)).status, { timeout: 30_000 })
          .toBe(404);
        expect((await other.call('GET', `/chat/${kept.id}`)).status).toBe(200);
      }
    },
  },
];
