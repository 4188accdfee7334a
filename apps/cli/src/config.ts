import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './cli-error.ts';
import type { Env } from './env.ts';

/** What `parley login` keeps: a key, and the one server it is sent to. */
export interface Config {
  readonly url: string;
  readonly key: string;
}

export function configFile({ configFolder }: Pick<Env, 'configFolder'>): string {
  return join(configFolder, 'parley', 'config.json');
}

/**
 * What was kept; undefined when nobody is logged in.
 *
 * @throws CliError when the file is not ours
 */
export async function readConfig(file: string): Promise<Config | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  const config = parsed(text);
  if (!config) throw new CliError(`${file} cannot be read. Remove it, or log in again: parley login`);
  return config;
}

/** Keeps it, for this user's eyes alone. It is there whole or not at all. */
export async function writeConfig(file: string, config: Config): Promise<void> {
  const folder = join(file, '..');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}

/** False when there was none. */
export async function removeConfig(file: string): Promise<boolean> {
  const existed = await stat(file).then(
    () => true,
    () => false,
  );
  await rm(file, { force: true });
  return existed;
}

/** Whether others of this machine may read it. Windows has no such mode. */
export async function isReadByOthers(file: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const found = await stat(file).catch(ignoreMissing);
  return found !== undefined && (found.mode & 0o077) !== 0;
}

function parsed(text: string): Config | undefined {
  try {
    const { url, key }: Partial<Config> = JSON.parse(text);
    return typeof url === 'string' && typeof key === 'string' ? { url, key } : undefined;
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
