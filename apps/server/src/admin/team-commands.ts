import { beginAuditedAction, erase, toTeam } from '@parley/api/operator';
import { isId, mintId, newAgentSchema } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import type { Command } from 'commander';
import { GUEST_KEY } from '../first-start.ts';
import { act, scopeOf } from './act.ts';
import { createEraser } from './eraser.ts';
import { example } from './example.ts';

const nameSchema = newAgentSchema.shape.name.refine((name) => name.trim() !== '', 'a name is needed');

/** The number of teams in one answer. `next` is the id to continue after. */
const PAGE = 1_000;

/** Adds `admin team`: create, list and delete teams. */
export function addTeamCommands(program: Command): void {
  const team = program.command('team').description('create, list and delete teams');

  team
    .command('create')
    .argument('<name>', 'the display name')
    .description(
      'creates a team with an agent and three keys (open, guest, secret), whose texts cannot be shown again',
    )
    .addHelpText('after', example('team create "Example Inc."'))
    .action(createTeam);

  team
    .command('list')
    .option('--after <teamId>', 'only teams that were created after this one')
    .description('lists all teams, oldest first')
    .addHelpText('after', example('team list'))
    .action(listTeams);

  team
    .command('delete')
    .argument('<teamId>', 'the team')
    .requiredOption('--yes', 'confirms that all data of the team is deleted permanently')
    .description('deletes a team with all its data: agents, keys, chats, usage and audit log')
    .addHelpText('after', example('team delete team_… --yes'))
    .action(deleteTeam);
}

async function listTeams({ after }: { after?: string }): Promise<void> {
  if (after !== undefined && !isId('team', after)) throw new Error(`There is no team ${after}.`);
  await act(async (stores) => {
    const teams = await stores.teams.list(PAGE, after);
    const last = teams.at(-1);
    return { teams: teams.map(toTeam), ...(teams.length === PAGE && last && { next: last.id }) };
  });
}

/** The act gets no audit entry, because the audit log of the team is deleted too. */
async function deleteTeam(text: string): Promise<void> {
  await act(async (stores) => {
    const { team } = await scopeOf(stores, text);
    const deletion = await stores.deletions.beginTeam(team);
    const eraser = createEraser(stores);
    const isFinished = (await erase(eraser, deletion)) !== undefined;
    return { teamId: team, deletionId: deletion.id, isDeleted: true, isFinished };
  });
}

async function createTeam(text: string): Promise<void> {
  const name = nameSchema.parse(text);
  await act(async (stores) => {
    const team = mintId('team');
    const publishableKey = mintApiKey('publishable');
    const guestKey = mintApiKey('publishable');
    const secretKey = mintApiKey('secret');
    const end = await beginAuditedAction(
      stores.audit,
      { team },
      { actor: { kind: 'admin' }, action: 'team create' },
    );
    await stores.teams.create({ id: team, name });
    const agent = await stores.agents.create({ team }, { name: 'Assistant', type: 'assistant' });
    await stores.apiKeys.create({ team }, publishableKey);
    await stores.apiKeys.create({ team }, guestKey, GUEST_KEY);
    await stores.apiKeys.create({ team }, secretKey);
    await end({ target: team });
    return { teamId: team, agentId: agent.id, publishableKey, guestKey, secretKey };
  });
}
