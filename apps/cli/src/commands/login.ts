import { isCancel, password, text } from '@clack/prompts';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import type { World } from '../command.ts';
import { configFile, removeConfig, writeConfig } from '../config.ts';
import { exitCodes } from '../exit-codes.ts';
import { DEFAULT_URL, type GlobalOptions, openParley } from '../session.ts';

/** `parley login` and `parley logout`. */
export function loginCommands(program: Command, world: World): void {
  program
    .command('login')
    .description('keeps an API key for this user of this machine, once the server knows it')
    .action((_, command: Command) => login(world, command.optsWithGlobals()));

  program
    .command('logout')
    .description('forgets the key')
    .action((_, command: Command) => logout(world, command.optsWithGlobals()));
}

async function login({ env, terminal }: World, options: GlobalOptions): Promise<void> {
  const canAsk = terminal.isInteractive;
  const url = serverUrl(options.url ?? env.url ?? (canAsk ? await askUrl() : DEFAULT_URL));
  const key = options.key ?? env.key ?? (canAsk ? await askKey() : undefined);
  if (key === undefined)
    throw usageError('There is nobody to ask for the key: set PARLEY_KEY, or use --key.');
  const parley = openParley({ url, key, userToken: options.userToken ?? env.userToken });
  try {
    await parley.trpc.agent.list.query({});
  } finally {
    parley.close();
  }
  const file = configFile(env);
  await writeConfig(file, { url, key });
  if (options.json) terminal.print(JSON.stringify({ url, file }));
  else terminal.say(`You are logged in to ${url}. The key is kept in ${file}, for you alone.`);
}

async function logout({ env, terminal }: World, options: GlobalOptions): Promise<void> {
  const wasLoggedIn = await removeConfig(configFile(env));
  if (options.json) terminal.print(JSON.stringify({ wasLoggedIn }));
  else terminal.say(wasLoggedIn ? 'You are logged out.' : 'You were not logged in.');
}

async function askUrl(): Promise<string> {
  return answered(await text({ message: 'The server', initialValue: DEFAULT_URL, validate: problemOfUrl }));
}

async function askKey(): Promise<string> {
  const validate = (value: string | undefined) => (value?.trim() ? undefined : 'A key is needed.');
  return answered(await password({ message: 'The API key (sk_live_… or pk_live_…)', validate })).trim();
}

function answered(answer: string | symbol): string {
  if (isCancel(answer)) throw new CliError('You are not logged in.', exitCodes.interrupted);
  return String(answer);
}

function serverUrl(text: string): string {
  const problem = problemOfUrl(text);
  if (problem) throw usageError(problem);
  return text.replace(/\/+$/, '');
}

function problemOfUrl(text: string | undefined): string | undefined {
  return text && /^https?:$/.test(URL.parse(text)?.protocol ?? '')
    ? undefined
    : `${JSON.stringify(text)} is no address of a server, such as ${DEFAULT_URL}.`;
}
