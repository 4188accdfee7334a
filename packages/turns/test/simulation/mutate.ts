import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';

const PACKAGE = join(import.meta.dirname, '../..');
/** The copy is inside the package, so that imports resolve. It is never committed. */
const PLACE = join(PACKAGE, '.data');
/** The package of the stores, whose batches the simulation runs. */
const DATABASE = join(PACKAGE, '../db');
/** The prefix of the stores' files in mutants. */
const DATABASE_PREFIX = 'db/';

/**
 * Returns the files that a mutant changes, with its bug.
 *
 * @throws Error when the source does not contain a replaced text exactly once
 */
export async function mutatedFiles({ edits }: Mutant): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const source = files.get(file) ?? (await readFile(originalOf(file), 'utf8'));
    const [before, after, ...more] = source.split(find);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${file} contains this ${more.length + (after === undefined ? 0 : 1)} times: ${find}`);
    files.set(file, before + replace + after);
  }
  return files;
}

function originalOf(file: string): string {
  return file.startsWith(DATABASE_PREFIX)
    ? join(DATABASE, file.slice(DATABASE_PREFIX.length))
    : join(PACKAGE, file);
}

/**
 * Copies the package's source and this simulation with the mutant's bug. Returns the copy's folder and a function
 * that removes it.
 */
export async function mutate(mutant: Mutant): Promise<{ folder: string; remove: () => Promise<void> }> {
  const files = await mutatedFiles(mutant);
  const folder = await makeFolder();
  const remove = () => rm(folder, { recursive: true });
  try {
    await cp(join(PACKAGE, 'src'), join(folder, 'src'), { recursive: true });
    await cp(import.meta.dirname, join(folder, 'test/simulation'), { recursive: true });
    if ([...files.keys()].some((file) => file.startsWith(DATABASE_PREFIX))) await copyDatabase(folder);
    for (const [file, source] of files) await writeFile(join(folder, file), source);
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The first folder that no other run uses: Node caches compiled files by their path. */
async function makeFolder(): Promise<string> {
  await mkdir(PLACE, { recursive: true });
  for (let number = 1; ; number++) {
    const folder = join(PLACE, `mutant-${number}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Copies the stores, so that the mutant's files import the copy by the package's name. */
async function copyDatabase(folder: string): Promise<void> {
  for (const part of ['package.json', 'src'])
    await cp(join(DATABASE, part), join(folder, 'db', part), { recursive: true });
  await mkdir(join(folder, 'node_modules/@parley'), { recursive: true });
  await symlink(join(folder, 'db'), join(folder, 'node_modules/@parley/db'));
}
