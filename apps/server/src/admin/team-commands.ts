import { beginAct } from '@parley/api';
import { mintId, newAgentSchema } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import type { Command } from 'commander';
import { act } from './act.ts';
import { example } from './example.ts';

const nameSchema = newAgentSchema.shape.name.refine((name) => name.trim() !== '', 'a name is needed');

export function addTeamCommands(program: Command): void {
  const team = program.command('team').description('teams');

  team
    .command('create')
    .argument('<name>', 'what people call it')
    .description('makes a team with an agent and a key of each kind; the keys are shown this once')
    .addHelpText('after', example('team create "Example Inc."'))
    .action(createTeam);
}

async function createTeam(text: string): Promise<void> {
  const name = nameSchema.parse(text);
  await act(async (stores) => {
    const team = mintId('team');
    const publishableKey = mintApiKey('publishable');
    const secretKey = mintApiKey('secret');
    const end = await beginAct(stores.audit, { team }, { actor: { kind: 'admin' }, action: 'team create' });
    await stores.teams.create({ id: team, name });
    const agent = await stores.agents.create({ team }, { name: 'Assistant', type: 'assistant' });
    await stores.apiKeys.create({ team }, publishableKey);
    await stores.apiKeys.create({ team }, secretKey);
    await end({ target: team });
    return { teamId: team, agentId: agent.id, publishableKey, secretKey };
  });
}
