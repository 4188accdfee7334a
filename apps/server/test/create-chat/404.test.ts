import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

const { makeTeam, mongo } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();

test.each([
  ['that does not exist', mintId('agent')],
  ['of another team', other.agent.id],
  ['without the form of an id', 'support'],
  ['that is empty', ''],
  ['of another noun', mintId('chat')],
  ['in upper case', team.agent.id.toUpperCase()],
  ['with a blank', `${team.agent.id} `],
  ['with NUL', `${team.agent.id}\0`],
  ['of 4,000 characters', 'a'.repeat(4_000)],
])('an agent id %s returns 404 agent_not_found and creates no chat', async (_, agentId) => {
  const { status, apiError } = await team.rest('POST', '/chat', { body: { agentId } });
  expect(status).toBe(404);
  expect(apiError.code).toBe('agent_not_found');
  expect(await mongo.raw.collection('chats').countDocuments()).toBe(0);
});
