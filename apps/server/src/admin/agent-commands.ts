import { ofAgent, toFullAgent } from '@parley/api';
import { limits, newAgentSchema, Refusal, updateAgentInputSchema } from '@parley/contract';
import type { Command } from 'commander';
import { act, actOn, scopeOf } from './act.ts';
import { example } from './example.ts';

export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('agents');

  agent
    .command('create')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--type <type>', 'a label to filter chats by')
    .option('--description <text>', 'what it is for, as anyone with a key may read it')
    .option('--system-prompt <text>', 'what the model is told first')
    .option('--model <name>', "the model; the server's default unless given")
    .option('--temperature <number>', 'from 0 to 2', Number)
    .description('makes an agent')
    .addHelpText('after', example('agent create --team team_… --name Ada --type support'))
    .action(createAgent);

  agent
    .command('list')
    .requiredOption('--team <teamId>', 'whose agents')
    .description("lists a team's agents, in the order they were made, with their settings")
    .addHelpText('after', example('agent list --team team_…'))
    .action(listAgents);

  agent
    .command('get')
    .argument('<agentId>', 'the agent')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .description('shows an agent with the versions of its settings')
    .addHelpText('after', example('agent get agent_… --team team_…'))
    .action(getAgent);

  agent
    .command('update')
    .argument('<agentId>', 'the agent')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .option('--name <name>', 'what people call it')
    .option('--type <type>', 'a label to filter chats by')
    .option('--description <text>', 'what it is for, as anyone with a key may read it')
    .option('--system-prompt <text>', 'what the model is told first')
    .option('--model <name>', 'the model')
    .option('--temperature <number>', 'from 0 to 2', Number)
    .description('changes what is given of an agent; other settings are a new version')
    .addHelpText('after', example('agent update agent_… --team team_… --system-prompt "Answer in one line."'))
    .action(updateAgent);

  agent
    .command('rollback')
    .argument('<agentId>', 'the agent')
    .argument('<version>', 'the version whose settings are used again', Number)
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .description('makes the settings of an earlier version the newest one')
    .addHelpText('after', example('agent rollback agent_… 1 --team team_…'))
    .action(rollBackAgent);

  agent
    .command('delete')
    .argument('<agentId>', 'the agent')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .description('deletes an agent with all its versions; its chats stay')
    .addHelpText('after', example('agent delete agent_… --team team_…'))
    .action(deleteAgent);
}

interface NewAgentOptions {
  readonly team: string;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly temperature?: number;
}

async function createAgent({ team, ...options }: NewAgentOptions): Promise<void> {
  const agent = newAgentSchema.parse(options);
  await actOn({ team, action: 'agent create' }, async (stores, scope) => {
    const { id, name, type } = await stores.agents.create(scope, agent);
    return { teamId: scope.team, id, agentId: id, name, type };
  });
}

async function listAgents({ team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    return { teamId: scope.team, agents: await stores.agents.list(scope, limits.agentListMax) };
  });
}

async function getAgent(agentId: string, { team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const agent = await ofAgent(agentId, (id) => stores.agents.get(scope, id));
    return {
      teamId: scope.team,
      ...toFullAgent(agent),
      versions: await stores.agents.listVersions(scope, agent.id),
    };
  });
}

async function updateAgent(
  agentId: string,
  { team, ...options }: Partial<NewAgentOptions> & { team: string },
): Promise<void> {
  await actOn({ team, action: 'agent update', target: agentId }, async (stores, scope) => {
    const { id, name, type, description, systemPrompt, model, temperature, version } = await ofAgent(
      agentId,
      (known) => stores.agents.get(scope, known),
    );
    const now = { agentId: id, name, type, description, systemPrompt, model, temperature };
    const { agentId: _, ...agent } = updateAgentInputSchema.parse({ ...now, ...options });
    const updated = await ofAgent(id, (known) => stores.agents.update(scope, known, agent, version));
    if (updated === 'changed') throw new Refusal('agent_changed');
    return { teamId: scope.team, ...toFullAgent(updated) };
  });
}

async function rollBackAgent(agentId: string, version: number, { team }: { team: string }): Promise<void> {
  await actOn({ team, action: 'agent rollback', target: agentId }, async (stores, scope) => {
    const rolled = await ofAgent(agentId, (id) => stores.agents.rollBack(scope, id, version));
    if (rolled === 'gone') throw new Refusal('agent_version_not_found');
    return { teamId: scope.team, ...toFullAgent(rolled) };
  });
}

async function deleteAgent(agentId: string, { team }: { team: string }): Promise<void> {
  await actOn({ team, action: 'agent delete', target: agentId }, async (stores, scope) => {
    await ofAgent(agentId, async (id) => (await stores.agents.delete(scope, id)) || undefined);
    return { teamId: scope.team, agentId, isDeleted: true };
  });
}
