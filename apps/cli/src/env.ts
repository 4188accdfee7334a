import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the environment says. Read here and nowhere else. */
export interface Env {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly userToken?: string | undefined;
  /** Where programs of this user keep their settings. */
  readonly configFolder: string;
  /** https://no-color.org: set, to whatever it is, it means none. */
  readonly hasColors: boolean;
}

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
