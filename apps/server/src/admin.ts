import {
  createKeyInputSchema,
  isId,
  limits,
  mintId,
  newAgentSchema,
  rollKeyInputSchema,
} from '@parley/contract';
import { mintApiKey, type Stores } from '@parley/db';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { readEnv } from './env.ts';
import { joinDatabase } from './open-database.ts';
import { version } from './version.ts';

/*
 * `npm run -s admin -- <noun> <verb>`: each verb prints one JSON object on standard output; everything for
 * people goes to standard error. It works on the running server's database, else starts it for the moment.
 */

const say = (line: string) => process.stderr.write(`${line}\n`);

async function run(act: (stores: Stores) => Promise<object>): Promise<void> {
  const { database, close } = await joinDatabase(readEnv(), say);
  try {
    process.stdout.write(`${JSON.stringify(await act(database.stores))}\n`);
  } finally {
    await close();
  }
}

const nameSchema = newAgentSchema.shape.name.refine((name) => name.trim() !== '', 'a name is needed');

async function createTeam(name: string): Promise<void> {
  const teamName = nameSchema.parse(name);
  await run(async (stores) => {
    const team = mintId('team');
    const publishableKey = mintApiKey('publishable');
    const secretKey = mintApiKey('secret');
    await stores.teams.create({ id: team, name: teamName });
    const agent = await stores.agents.create({ team }, { name: 'Assistant', type: 'assistant' });
    await stores.apiKeys.create({ team }, publishableKey);
    await stores.apiKeys.create({ team }, secretKey);
    return { teamId: team, agentId: agent.id, publishableKey, secretKey };
  });
}

interface AgentOptions {
  readonly team: string;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly temperature?: number;
}

async function createAgent({ team, ...options }: AgentOptions): Promise<void> {
  const agent = newAgentSchema.parse(options);
  await run(async (stores) => {
    const scope = { team: await existingTeam(stores, team) };
    const { id, name, type } = await stores.agents.create(scope, agent);
    return { teamId: scope.team, agentId: id, name, type };
  });
}

interface NewKeyOptions {
  readonly team: string;
  readonly kind: 'publishable' | 'secret';
  readonly name?: string;
  readonly origin?: string[];
}

async function createKey({ team, kind, name, origin: origins }: NewKeyOptions): Promise<void> {
  const fields = createKeyInputSchema.parse({ kind, name, origins });
  await run(async (stores) => {
    const scope = { team: await existingTeam(stores, team) };
    const { key, info } = await stores.apiKeys.issue(scope, kind, {
      ...(fields.name !== undefined && { name: fields.name }),
      ...(fields.origins && { origins: fields.origins }),
    });
    return { teamId: scope.team, ...info, key };
  });
}

async function listKeys({ team }: { team: string }): Promise<void> {
  await run(async (stores) => {
    const scope = { team: await existingTeam(stores, team) };
    return { teamId: scope.team, keys: await stores.apiKeys.list(scope, limits.keyListMax) };
  });
}

async function rollKey(id: string, options: { team: string; overlapSeconds: number }): Promise<void> {
  const { keyId, overlapSeconds = limits.keyOverlapSeconds } = rollKeyInputSchema.parse({
    keyId: id,
    overlapSeconds: options.overlapSeconds,
  });
  await run(async (stores) => {
    const scope = { team: await existingTeam(stores, options.team) };
    const until = new Date(Date.now() + overlapSeconds * 1_000);
    const issued = isId('key', keyId) ? await stores.apiKeys.roll(scope, keyId, until) : undefined;
    if (!issued) throw new Error(`There is no key ${keyId} that works.`);
    return { teamId: scope.team, ...issued.info, key: issued.key };
  });
}

async function revokeKey(keyId: string, options: { team: string }): Promise<void> {
  await run(async (stores) => {
    const scope = { team: await existingTeam(stores, options.team) };
    const isRevoked = isId('key', keyId) && (await stores.apiKeys.revoke(scope, keyId));
    if (!isRevoked) throw new Error(`There is no key ${keyId}.`);
    return { teamId: scope.team, id: keyId, isRevoked };
  });
}

async function existingTeam(stores: Stores, team: string) {
  if (!isId('team', team) || !(await stores.teams.exists(team))) throw new Error(`There is no team ${team}.`);
  return team;
}

const program = new Command('admin')
  .description('Administers Parley. Every verb prints one JSON object.')
  .version(version)
  .showHelpAfterError();

program
  .command('team')
  .description('teams')
  .command('create')
  .argument('<name>', 'what people call it')
  .description('makes a team with an agent and a key of each kind; the keys are shown this once')
  .action(createTeam);

program
  .command('agent')
  .description('agents')
  .command('create')
  .requiredOption('--team <teamId>', 'the team it belongs to')
  .requiredOption('--name <name>', 'what people call it')
  .requiredOption('--type <type>', 'a label to filter chats by')
  .option('--description <text>', 'what it is for, as anyone with a key may read it')
  .option('--system-prompt <text>', 'what the model is told first')
  .option('--model <name>', "the model; the server's default unless given")
  .option('--temperature <number>', 'from 0 to 2', Number)
  .description('makes an agent')
  .addHelpText(
    'after',
    '\nExample:\n  npm run -s admin -- agent create --team team_… --name Ada --type support\n',
  )
  .action(createAgent);

const key = program.command('key').description('API keys');

key
  .command('create')
  .requiredOption('--team <teamId>', 'the team it belongs to')
  .addOption(
    new Option('--kind <kind>', 'for servers or for browsers')
      .choices(['secret', 'publishable'])
      .makeOptionMandatory(),
  )
  .option('--name <name>', 'what people call it')
  .option('--origin <origin...>', 'the web origins that browsers may use it from')
  .description('makes a key, shown this once')
  .addHelpText(
    'after',
    '\nExample:\n  npm run -s admin -- key create --team team_… --kind publishable --origin https://example.com\n',
  )
  .action(createKey);

key
  .command('list')
  .requiredOption('--team <teamId>', 'whose keys')
  .description("lists a team's keys, newest first, without their texts")
  .action(listKeys);

key
  .command('roll')
  .argument('<keyId>', 'the key to be replaced')
  .requiredOption('--team <teamId>', 'the team it belongs to')
  .option('--overlap-seconds <seconds>', 'how long the old key lives on', Number, limits.keyOverlapSeconds)
  .description('makes a key in the place of another, shown this once')
  .action(rollKey);

key
  .command('revoke')
  .argument('<keyId>', 'the key to be ended')
  .requiredOption('--team <teamId>', 'the team it belongs to')
  .description('ends a key; every server refuses it within five seconds')
  .action(revokeKey);

try {
  await program.parseAsync();
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `${path.join('.') || 'value'}: ${message}`).join('\n');
  }
  return error instanceof Error ? error.message : String(error);
}
