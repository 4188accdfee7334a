import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './cli-error.ts';
import type { Env } from './env.ts';

/** The file of `parley login`: a key and its server. */
export interface Config {
  readonly url: string;
  readonly key: string;
}

/** Returns the path of the config file. */
export function configFile({ configFolder }: Pick<Env, 'configFolder'>): string {
  return join(configFolder, 'parley', 'config.json');
}

/**
 * Reads the stored login. Returns undefined if there is none.
 *
 * @throws CliError if the file is not valid
 */
export async function readConfig(file: string): Promise<Config | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  const config = parsed(text);
  if (!config) throw new CliError(`${file} is not valid. Remove it, or log in again: parley login`);
  return config;
}

/** Writes the file atomically, readable for its owner only. */
export async function writeConfig(file: string, config: Config): Promise<void> {
  const folder = join(file, '..');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}

/** Removes the file. Returns false if there was none. */
export async function removeConfig(file: string): Promise<boolean> {
  const existed = await stat(file).then(
    () => true,
    () => false,
  );
  await rm(file, { force: true });
  return existed;
}

/**
 * Checks whether other users of the machine may read the file. Windows has no file modes, so the result is
 * false there.
 */
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
