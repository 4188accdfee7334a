import { readFile } from 'node:fs/promises';
import {
  type Agent,
  type FileKind,
  type FullAgent,
  fileKinds,
  type ModelChoice,
  nameOfModelChoice,
  parseModelChoice,
  type ToolInput,
} from '@parley/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { type CommandContext, withResult } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';
import { printTable } from '../print/table.ts';
import { timestamp } from '../print/timestamp.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface SettingsOptions extends GlobalOptions {
  readonly name?: string;
  readonly type?: string;
  readonly description?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly models?: ModelChoice[];
  readonly temperature?: number;
  readonly retentionDays?: number;
  readonly accepts?: FileKind[];
  readonly tools?: string;
}

/** Adds `parley agents`. */
export function agentsCommand(program: Command, context: CommandContext): void {
  const agents = program.command('agents').description('list, show and change agents');

  agents
    .command('list')
    .description("list the team's agents")
    .action((_, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.list.query({}),
        ({ agents: rows }, terminal) => printAgents(terminal, rows),
      ),
    );

  agents
    .command('show')
    .argument('<agentId>')
    .description('show an agent with its settings (needs a secret key)')
    .action((agentId: string, _, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.get.query({ agentId }),
        (agent, terminal) => terminal.print(terminal.foreign(JSON.stringify(agent, null, 2))),
      ),
    );

  withSettings(agents.command('create'))
    .description('create an agent (needs a secret key)')
    .requiredOption('--name <name>', 'the display name')
    .requiredOption('--type <type>', 'a label to filter chats by')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<SettingsOptions & { name: string; type: string }>();
      const { name, type } = options;
      return withResult(
        context,
        options,
        async ({ parley }) => parley.trpc.agent.create.mutate({ name, type, ...(await settingsOf(options)) }),
        (agent, terminal) => printAgents(terminal, [agent]),
      );
    });

  withSettings(agents.command('update'))
    .argument('<agentId>')
    .description(
      'change the given fields of an agent; changed settings become a new version (needs a secret key)',
    )
    .option('--name <name>', 'the display name')
    .option('--type <type>', 'a label to filter chats by')
    .action((agentId: string, _, command: Command) => {
      const options = command.optsWithGlobals<SettingsOptions>();
      return withResult(
        context,
        options,
        async ({ parley }) => {
          const agent = await parley.trpc.agent.get.query({ agentId });
          const { name = agent.name, type = agent.type } = options;
          const given = { ...fieldsToKeep(agent, options), name, type, ...(await settingsOf(options)) };
          return parley.trpc.agent.update.mutate({ ...given, agentId, expectedVersion: agent.version });
        },
        (agent, terminal) => terminal.say(`${agent.id} is at version ${agent.version}.`),
      );
    });

  agents
    .command('versions')
    .argument('<agentId>')
    .description("list an agent's versions, newest first (needs a secret key)")
    .action((agentId: string, _, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.listVersions.query({ agentId }),
        ({ versions }, terminal) =>
          printTable(terminal, versions, [
            ['VERSION', ({ version }) => version],
            ['MADE (UTC)', ({ createdAt }) => timestamp(createdAt)],
            ['MODEL', ({ model, models }) => models?.map(nameOfModelChoice).join(', ') ?? model],
            ['TOOLS', ({ tools }) => tools.map(({ name }) => name).join(', ')],
            ['SYSTEM PROMPT', ({ systemPrompt }) => systemPrompt],
          ]),
      ),
    );

  agents
    .command('rollback')
    .argument('<agentId>')
    .argument('<version>', 'the version whose settings become the current ones', wholeNumber)
    .description('restore the settings of an earlier version as a new version (needs a secret key)')
    .action((agentId: string, version: number, _, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.rollback.mutate({ agentId, version }),
        (agent, terminal) => terminal.say(`${agent.id} is at version ${agent.version}.`),
      ),
    );

  agents
    .command('delete')
    .argument('<agentId>')
    .description('delete an agent with all its versions; its chats are kept (needs a secret key)')
    .option('--yes', 'do not ask for confirmation')
    .action((agentId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      return withResult(
        context,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `Delete ${agentId}? Its chats will no longer be answered.`, options.yes);
          await parley.trpc.agent.delete.mutate({ agentId });
          return { id: agentId, isDeleted: true };
        },
        ({ id }, terminal) => terminal.say(`${id} is deleted.`),
      );
    });
}

/** Adds the options for an agent's optional fields. */
function withSettings(command: Command): Command {
  return command
    .option('--description <text>', 'the purpose of the agent; every key can read it')
    .option('--system-prompt <text>', 'instructions that the model receives before the conversation')
    .option('--model <name>', "the model; default: the server's own")
    .addOption(
      new Option(
        '--models <provider/model...>',
        'up to three models of the providers of the server, in order',
      )
        .conflicts('model')
        .argParser(modelChoice),
    )
    .option('--temperature <number>', 'from 0 to 2', decimal)
    .option('--retention-days <days>', 'delete chats after this many days without a message', wholeNumber)
    .addOption(
      new Option('--accepts <kinds...>', 'the kinds of files that users can send it; default: text').choices(
        fileKinds,
      ),
    )
    .option('--tools <file>', 'a file with a JSON list of the tools that the model can call');
}

/** The fields that an update keeps unless they are given. `model` and `models` replace each other. */
function fieldsToKeep(agent: FullAgent, { model: newModel, models: newModels }: SettingsOptions) {
  const { id: _, version: __, createdAt: ___, updatedAt: ____, model, models, ...others } = agent;
  const isNamed = newModel !== undefined || newModels !== undefined;
  return {
    ...others,
    ...(!isNamed && model !== undefined && { model }),
    ...(!isNamed && models !== undefined && { models }),
  };
}

/** Returns the given options. The server validates the tools. */
async function settingsOf(options: SettingsOptions) {
  const { description, systemPrompt, model, models, temperature, retentionDays, accepts, tools } = options;
  return {
    ...(description !== undefined && { description }),
    ...(systemPrompt !== undefined && { systemPrompt }),
    ...(model !== undefined && { model }),
    ...(models !== undefined && { models }),
    ...(temperature !== undefined && { temperature }),
    ...(retentionDays !== undefined && { retentionDays }),
    ...(accepts !== undefined && { accepts }),
    ...(tools !== undefined && { tools: await toolsIn(tools) }),
  };
}

async function toolsIn(file: string): Promise<ToolInput[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ToolInput[];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${file} cannot be read as JSON: ${why}`, exitCodes.usage);
  }
}

function printAgents(terminal: Terminal, agents: readonly Omit<Agent, 'accepts'>[]): void {
  if (agents.length === 0) terminal.say('There are no agents. Create one: parley agents create');
  else
    printTable(terminal, agents, [
      ['ID', ({ id }) => id],
      ['NAME', ({ name }) => name],
      ['TYPE', ({ type }) => type],
      ['DESCRIPTION', ({ description }) => description],
    ]);
}

function decimal(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number.');
  return Number(text);
}

function modelChoice(text: string, given: ModelChoice[] = []): ModelChoice[] {
  const choice = parseModelChoice(text);
  if (!choice) throw new InvalidArgumentError('It must be provider/model.');
  return [...given, choice];
}
