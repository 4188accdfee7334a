import { limits, newAgentSchema } from '@parley/contract';
import type { Command } from 'commander';
import { act, scopeOf } from './act.ts';
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
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const { id, name, type } = await stores.agents.create(scope, agent);
    return { teamId: scope.team, agentId: id, name, type };
  });
}

async function listAgents({ team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    return { teamId: scope.team, agents: await stores.agents.list(scope, limits.agentListMax) };
  });
}
