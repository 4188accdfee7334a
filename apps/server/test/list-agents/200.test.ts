import type { AgentList } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam } = await startHarness();

test('the list has the agents of the team in the order of creation, in their public form', async () => {
  const team = await makeTeam({ name: 'Ada', type: 'support', systemPrompt: 'canary-prompt' });
  await makeTeam({ name: 'Other' });
  const second = await team.makeAgent({
    name: 'Bo 🙂',
    type: 'sales',
    description: 'Sells.',
    systemPrompt: 'canary-prompt',
    model: 'canary-model',
    temperature: 0.25,
  });
  for (const key of [team.secretKey, team.publishableKey]) {
    const { body, text } = await team.rest<AgentList>('GET', '/agent', { key });
    expect(body).toEqual({
      agents: [
        { id: team.agent.id, name: 'Ada', type: 'support', accepts: ['text'] },
        { id: second.id, name: 'Bo 🙂', type: 'sales', description: 'Sells.', accepts: ['text'] },
      ],
    });
    expect(text).not.toMatch(/canary|temperature|version/);
  }
  expect(await team.trpc.agent.list.query({})).toEqual((await team.rest('GET', '/agent')).body);
});
