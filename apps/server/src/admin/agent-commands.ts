import { readFile } from 'node:fs/promises';
import { problemOfToolUrl } from '@parley/agent';
import { requireAgent, toFullAgent, toolsOf, withShownTools } from '@parley/api';
import { ApiError, limits, newAgentSchema, type Tool, type ToolInput } from '@parley/contract';
import type { AgentRecord } from '@parley/db';
import type { Command } from 'commander';
import { readEnv } from '../env.ts';
import { act, actOn, scopeOf } from './act.ts';
import { example } from './example.ts';

export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('agents');

  withSettings(agent.command('create'))
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--type <type>', 'a label to filter chats by')
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

  withSettings(agent.command('update'))
    .argument('<agentId>', 'the agent')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .option('--name <name>', 'what people call it')
    .option('--type <type>', 'a label to filter chats by')
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

/** What may be said of an agent, and left out. */
function withSettings(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for, as anyone with a key may read it')
    .option('--system-prompt <text>', 'what the model is told first')
    .option('--model <name>', "the model, where it is not the server's own")
    .option('--temperature <number>', 'from 0 to 2', Number)
    .option('--retention-days <days>', 'deletes chats in which nothing was said for so long', Number)
    .option('--tools <file>', 'what the model may call: a file with a JSON list of tools');
}

interface NewAgentOptions {
  readonly team: string;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly temperature?: number;
  readonly retentionDays?: number;
  readonly tools?: string;
}

async function createAgent({ team, ...options }: NewAgentOptions): Promise<void> {
  const agent = newAgentSchema.parse({ ...options, tools: await toolsIn(options.tools) });
  await actOn({ team, action: 'agent create' }, async (stores, scope) => {
    const tools = resolveTools(agent.tools, undefined);
    const { id, name, type } = await stores.agents.create(scope, { ...agent, tools });
    return { teamId: scope.team, id, agentId: id, name, type };
  });
}

async function listAgents({ team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const agents = await stores.agents.list(scope, limits.agentListMax);
    return { teamId: scope.team, agents: agents.map(withShownTools) };
  });
}

async function getAgent(agentId: string, { team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const agent = await requireAgent(agentId, (id) => stores.agents.get(scope, id));
    const versions = (await stores.agents.listVersions(scope, agent.id)) ?? [];
    return { teamId: scope.team, ...toFullAgent(agent), versions: versions.map(withShownTools) };
  });
}

async function updateAgent(
  agentId: string,
  { team, ...options }: Partial<NewAgentOptions> & { team: string },
): Promise<void> {
  const given = { ...options, tools: await toolsIn(options.tools) };
  await actOn({ team, action: 'agent update', target: agentId }, async (stores, scope) => {
    const updated = await requireAgent(agentId, (id) =>
      stores.agents.update(scope, id, (now) => {
        const { tools: sent, ...agent } = newAgentSchema.parse({ ...fieldsOf(now), ...given });
        return { ...agent, tools: sent ? resolveTools(sent, now.tools) : now.tools };
      }),
    );
    if (updated === 'changed') throw new ApiError('agent_changed');
    return { teamId: scope.team, ...toFullAgent(updated) };
  });
}

/** What can be given of an agent but its tools, as it is now. */
function fieldsOf(agent: AgentRecord) {
  const { name, type, description, retentionDays, systemPrompt, model, temperature } = agent;
  return { name, type, description, retentionDays, systemPrompt, model, temperature };
}

/** What a file says of tools, as it stands there. */
async function toolsIn(file: string | undefined): Promise<unknown> {
  return file === undefined ? undefined : JSON.parse(await readFile(file, 'utf8'));
}

function resolveTools(sent: readonly ToolInput[] | undefined, known: readonly Tool[] | undefined) {
  const arePrivateAllowed = readEnv().TOOLS_PRIVATE_ADDRESSES === 'on';
  return toolsOf(sent, known, (url) => problemOfToolUrl(url, { arePrivateAllowed }));
}

async function rollBackAgent(agentId: string, version: number, { team }: { team: string }): Promise<void> {
  await actOn({ team, action: 'agent rollback', target: agentId }, async (stores, scope) => {
    const rolled = await requireAgent(agentId, (id) => stores.agents.rollBack(scope, id, version));
    if (rolled === 'gone') throw new ApiError('agent_version_not_found');
    return { teamId: scope.team, ...toFullAgent(rolled) };
  });
}

async function deleteAgent(agentId: string, { team }: { team: string }): Promise<void> {
  await actOn({ team, action: 'agent delete', target: agentId }, async (stores, scope) => {
    await requireAgent(agentId, async (id) => (await stores.agents.delete(scope, id)) || undefined);
    return { teamId: scope.team, agentId, isDeleted: true };
  });
}
