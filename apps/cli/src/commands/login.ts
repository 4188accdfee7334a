import { isCancel, password, text } from '@clack/prompts';
import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { configFile, removeConfig, writeConfig } from '../config.ts';
import { exitCodes } from '../exit-codes.ts';
import { DEFAULT_URL, type GlobalOptions, openParley } from '../session.ts';

/** Adds `parley login` and `parley logout`. */
export function loginCommands(program: Command, context: CommandContext): void {
  program
    .command('login')
    .description('check an API key and store it for your account on this machine')
    .action((_, command: Command) => login(context, command.optsWithGlobals()));

  program
    .command('logout')
    .description('remove the stored key')
    .action((_, command: Command) => logout(context, command.optsWithGlobals()));
}

async function login({ env, terminal }: CommandContext, options: GlobalOptions): Promise<void> {
  const canAsk = terminal.isInteractive;
  const url = serverUrl(options.url ?? env.url ?? (canAsk ? await askUrl() : DEFAULT_URL));
  const key = options.key ?? env.key ?? (canAsk ? await askKey() : undefined);
  if (key === undefined) throw usageError('A key is required. Set PARLEY_KEY, or use --key.');
  const parley = openParley({ url, key, userToken: options.userToken ?? env.userToken });
  try {
    await parley.trpc.agent.list.query({});
  } finally {
    parley.close();
  }
  const file = configFile(env);
  await writeConfig(file, { url, key });
  if (options.json) terminal.print(JSON.stringify({ url, file }));
  else
    terminal.say(`You are logged in to ${url}. Your key is stored in ${file}; other users cannot read it.`);
}

async function logout({ env, terminal }: CommandContext, options: GlobalOptions): Promise<void> {
  const wasLoggedIn = await removeConfig(configFile(env));
  if (options.json) terminal.print(JSON.stringify({ wasLoggedIn }));
  else terminal.say(wasLoggedIn ? 'You are logged out.' : 'You were not logged in.');
}

async function askUrl(): Promise<string> {
  return answered(await text({ message: 'The server', initialValue: DEFAULT_URL, validate: problemOfUrl }));
}

async function askKey(): Promise<string> {
  const validate = (value: string | undefined) => (value?.trim() ? undefined : 'Enter a key.');
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
    : `${JSON.stringify(text)} is not a server address. Use one such as ${DEFAULT_URL}.`;
}
