import { homedir } from 'node:os';
import { join } from 'node:path';

/** The settings from environment variables. Only this file reads them. */
export interface Env {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly userToken?: string | undefined;
  /** The folder of the user's settings. */
  readonly configFolder: string;
  /** False if NO_COLOR is set (https://no-color.org) or the terminal has no colors. */
  readonly hasColors: boolean;
}

/** Reads the settings from the environment. */
export function readEnv(): Env {
  const { PARLEY_URL, PARLEY_KEY, PARLEY_USER_TOKEN, NO_COLOR, TERM } = process.env;
  return {
    url: PARLEY_URL || undefined,
    key: PARLEY_KEY || undefined,
    userToken: PARLEY_USER_TOKEN || undefined,
    configFolder: configFolder(),
    hasColors: !NO_COLOR && TERM !== 'dumb',
  };
}

function configFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  if (process.platform === 'win32' && APPDATA) return APPDATA;
  return XDG_CONFIG_HOME || join(homedir(), '.config');
}
