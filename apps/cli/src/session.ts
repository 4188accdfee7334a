import { createParley, type Parley } from '@parley/client';
import { CliError } from './cli-error.ts';
import { configFile, readConfig } from './config.ts';
import type { Env } from './env.ts';
import { exitCodes } from './exit-codes.ts';

/** The options of every command. */
export interface GlobalOptions {
  readonly url?: string;
  readonly key?: string;
  readonly userToken?: string;
  readonly json?: true;
}

/** The server and the credentials for it. */
export interface Access {
  readonly url: string;
  readonly key: string;
  readonly userToken?: string | undefined;
  readonly from: 'options' | 'environment' | 'config';
}

/** The address of a server that runs on this machine with default settings. */
export const DEFAULT_URL = 'http://127.0.0.1:3000';

/**
 * Returns the server and the credentials. Options take precedence over the environment, and the environment
 * over the stored login. A stored key is only sent to the server it was stored for.
 *
 * @throws CliError if there is no key
 */
export async function resolveAccess(options: GlobalOptions, env: Env): Promise<Access> {
  const config = await readConfig(configFile(env));
  const url = (options.url ?? env.url ?? config?.url ?? DEFAULT_URL).replace(/\/+$/, '');
  const userToken = options.userToken ?? env.userToken;
  if (options.key !== undefined) return { url, key: options.key, userToken, from: 'options' };
  if (env.key !== undefined) return { url, key: env.key, userToken, from: 'environment' };
  if (config?.url === url) return { url, key: config.key, userToken, from: 'config' };
  throw new CliError(
    config
      ? `You are logged in to ${config.url}, not to ${url}. Log in to it: parley login --url ${url}`
      : 'You are not logged in. Run `parley login`, or set PARLEY_URL and PARLEY_KEY.',
    exitCodes.unauthorized,
  );
}

/** Creates the client of a command. The caller closes it. */
export function openParley({ url, key, userToken }: Omit<Access, 'from'>): Parley {
  return createParley({ url, apiKey: key, storage: null, ...(userToken !== undefined && { userToken }) });
}
