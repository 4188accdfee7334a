import { readFile } from 'node:fs/promises';
import type { Agent, ToolInput } from '@parley/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error.ts';
import { answering, type World } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';
import { moment } from '../print/moment.ts';
import { printTable } from '../print/table.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface SettingsOptions extends GlobalOptions {
  readonly name?: string;
  readonly type?: string;
  readonly description?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly temperature?: number;
  readonly retentionDays?: number;
  readonly tools?: string;
}

/** `parley agents`. */
export function agentsCommand(program: Command, world: World): void {
  const agents = program.command('agents').description('list, show and change agents');

  agents
    .command('list')
    .description("the team's agents")
    .action((_, command: Command) =>
      answering(
        world,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.list.query({}),
        ({ agents: rows }, terminal) => printAgents(terminal, rows),
      ),
    );

  agents
    .command('show')
    .argument('<agentId>')
    .description('an agent with its settings (a secret key)')
    .action((agentId: string, _, command: Command) =>
      answering(
        world,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.get.query({ agentId }),
        (agent, terminal) => terminal.print(terminal.foreign(JSON.stringify(agent, null, 2))),
      ),
    );

  withSettings(agents.command('create'))
    .description('makes an agent (a secret key)')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--type <type>', 'a label to filter chats by')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<SettingsOptions & { name: string; type: string }>();
      const { name, type } = options;
      return answering(
        world,
        options,
        async ({ parley }) => parley.trpc.agent.create.mutate({ name, type, ...(await settingsOf(options)) }),
        (agent, terminal) => printAgents(terminal, [agent]),
      );
    });

  withSettings(agents.command('update'))
    .argument('<agentId>')
    .description('changes what is given of an agent; other settings are a new version (a secret key)')
    .option('--name <name>', 'what people call it')
    .option('--type <type>', 'a label to filter chats by')
    .action((agentId: string, _, command: Command) => {
      const options = command.optsWithGlobals<SettingsOptions>();
      return answering(
        world,
        options,
        async ({ parley }) => {
          const {
            id: __,
            version,
            createdAt: ___,
            updatedAt: ____,
            ...now
          } = await parley.trpc.agent.get.query({
            agentId,
          });
          const { name = now.name, type = now.type } = options;
          const given = { ...now, name, type, ...(await settingsOf(options)) };
          return parley.trpc.agent.update.mutate({ ...given, agentId, expectedVersion: version });
        },
        (agent, terminal) => terminal.say(`${agent.id} is at version ${agent.version}.`),
      );
    });

  agents
    .command('versions')
    .argument('<agentId>')
    .description('the settings an agent had, newest first (a secret key)')
    .action((agentId: string, _, command: Command) =>
      answering(
        world,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.listVersions.query({ agentId }),
        ({ versions }, terminal) =>
          printTable(terminal, versions, [
            ['VERSION', ({ version }) => version],
            ['MADE (UTC)', ({ createdAt }) => moment(createdAt)],
            ['MODEL', ({ model }) => model],
            ['TOOLS', ({ tools }) => tools.map(({ name }) => name).join(', ')],
            ['SYSTEM PROMPT', ({ systemPrompt }) => systemPrompt],
          ]),
      ),
    );

  agents
    .command('rollback')
    .argument('<agentId>')
    .argument('<version>', 'the version whose settings are used again', wholeNumber)
    .description('makes the settings of an earlier version the newest one (a secret key)')
    .action((agentId: string, version: number, _, command: Command) =>
      answering(
        world,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.agent.rollback.mutate({ agentId, version }),
        (agent, terminal) => terminal.say(`${agent.id} is at version ${agent.version}.`),
      ),
    );

  agents
    .command('delete')
    .argument('<agentId>')
    .description('deletes an agent with its versions; its chats stay (a secret key)')
    .option('--yes', 'do not ask')
    .action((agentId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      return answering(
        world,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `Delete ${agentId}? Nobody answers in its chats any more.`, options.yes);
          await parley.trpc.agent.delete.mutate({ agentId });
          return { id: agentId, isDeleted: true };
        },
        ({ id }, terminal) => terminal.say(`${id} is deleted.`),
      );
    });
}

/** What may be said of an agent, and left out. */
function withSettings(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for, as anyone with a key may read it')
    .option('--system-prompt <text>', 'what the model is told first')
    .option('--model <name>', "the model; the server's default unless given")
    .option('--temperature <number>', 'from 0 to 2', decimal)
    .option('--retention-days <days>', 'deletes chats in which nothing was said for so long', wholeNumber)
    .option('--tools <file>', 'what the model may call: a file with a JSON list of tools');
}

/** Those that were given. What the tools are is the server's to judge. */
async function settingsOf(options: SettingsOptions) {
  const { description, systemPrompt, model, temperature, retentionDays, tools } = options;
  return {
    ...(description !== undefined && { description }),
    ...(systemPrompt !== undefined && { systemPrompt }),
    ...(model !== undefined && { model }),
    ...(temperature !== undefined && { temperature }),
    ...(retentionDays !== undefined && { retentionDays }),
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

function printAgents(terminal: Terminal, agents: readonly Agent[]): void {
  if (agents.length === 0) terminal.say('There are no agents. Make one: parley agents create');
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
