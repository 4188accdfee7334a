import { expect } from 'vitest';
import { chatOf, type UpgradeScenario } from '../scenario.ts';

const tool = {
  name: 'look_up',
  description: 'Looks an order up.',
  parameters: { type: 'object', properties: {} },
  url: 'https://example.com/orders',
  headers: { authorization: 'Bearer of-a-tool' },
};

export const agents: readonly UpgradeScenario[] = [
  {
    name: 'an agent with tools is read and changed by both versions, and keeps what its headers hold',
    async run({ old, current, raw }) {
      const agent = { name: 'Ada', type: 'support', systemPrompt: 'First.', tools: [tool] };
      const { body: made } = await old.call('POST', '/agent', { body: agent });
      const kept = { ...tool, headers: { authorization: null } };
      const change = { ...agent, systemPrompt: 'Second.', tools: [kept] };
      const put = await current.call('PUT', `/agent/${made.id}`, { body: change });
      expect(put.body).toMatchObject({ version: 2, systemPrompt: 'Second.' });
      expect((await old.call('GET', `/agent/${made.id}`)).body).toMatchObject({
        version: 2,
        tools: [{ name: 'look_up' }],
      });
      const again = await old.call('PUT', `/agent/${made.id}`, {
        body: { ...change, systemPrompt: 'Third.' },
      });
      expect(again.body).toMatchObject({ version: 3 });
      const stored = await raw
        .collection<{ _id: string; versions: { tools: string }[] }>('agents')
        .findOne({ _id: made.id });
      // While release 0.1.0 is live, all versions stay as it reads them.
      for (const { tools } of stored?.versions ?? []) expect(tools).toContain('Bearer of-a-tool');
      const { reply } = await chatOf(current, 'scenario/of-a-plain-agent');
      expect(reply.status).toBe(200);
    },
  },
];
