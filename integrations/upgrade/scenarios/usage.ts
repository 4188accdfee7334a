import { expect } from 'vitest';
import { chatOf, type UpgradeScenario } from '../scenario.ts';

export const usage: readonly UpgradeScenario[] = [
  {
    name: 'answers of both versions are counted once, and both return the same sums',
    async run({ old, current }) {
      const userId = 'counted';
      for (const [index, server] of [old, current, old, current].entries()) {
        const { reply } = await chatOf(server, `scenario/counted-${index}`, { userId });
        expect(reply.status).toBe(200);
      }
      const rowsOf = async (server: typeof old) => {
        const { body } = await server.call('GET', '/usage?groupBy=user');
        return body.usage.filter((row: { userId?: string }) => row.userId === userId);
      };
      await expect.poll(async () => (await rowsOf(old))[0]?.turns, { timeout: 30_000 }).toBe(4);
      expect(await rowsOf(current)).toEqual(await rowsOf(old));
    },
  },
];
