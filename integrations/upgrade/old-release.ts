import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** A release as its commit has it, checked out beside this one. */
export interface OldRelease extends AsyncDisposable {
  /** Where it is checked out, as a URL that ends with a slash. */
  readonly checkout: URL;
  /** Its program of a server under test. */
  readonly serverEntry: URL;
  /** Makes a team with its code. */
  makeTeam(mongoUri: string): Promise<{ key: string; agentId: string }>;
  /** The fields that it stores, and the values of some: see `fieldsOf` and `valuesOf`. */
  storedFields(): Promise<string[]>;
}

interface Release {
  readonly version: string;
  readonly commit: string;
}

/**
 * Checks a release out of this repository's own history.
 *
 * @throws Error with a sentence when the history does not hold it
 */
export async function checkOutRelease(version: string): Promise<OldRelease> {
  const releases: Release[] = JSON.parse(await readFile(join(root, 'releases.json'), 'utf8'));
  const release = releases.find((one) => one.version === version);
  if (!release) throw new Error(`releases.json does not name release ${version}.`);
  await assertInHistory(release, root);
  const parent = await mkdtemp(join(tmpdir(), 'parley-release-'));
  const folder = join(parent, 'checkout');
  const remove = async () => {
    await git('worktree', 'remove', '--force', folder).catch(() => undefined);
    await rm(parent, { recursive: true, force: true });
    await git('worktree', 'prune');
  };
  try {
    await git('worktree', 'add', '--detach', folder, release.commit);
    await installInto(folder);
  } catch (error) {
    await remove();
    throw error;
  }
  const checkout = pathToFileURL(`${folder}/`);
  const lab = pathToFileURL(join(folder, 'apps/server/test/crash/lab/'));
  return {
    checkout,
    serverEntry: new URL('server-under-test.ts', lab),
    async makeTeam(mongoUri) {
      const program = `
        import { makeTeam } from ${JSON.stringify(new URL('make-team.ts', lab).href)};
        console.log(JSON.stringify(await makeTeam(process.argv[1])));`;
      return JSON.parse(await runIn(folder, program, mongoUri));
    },
    async storedFields() {
      const [contract, models, fields] = [
        new URL('packages/contract/src/index.ts', checkout).href,
        new URL('packages/db/src/models.ts', checkout).href,
        new URL('fields.ts', import.meta.url).href,
      ];
      const program = `
        import mongoose from 'mongoose';
        import * as contract from ${JSON.stringify(contract)};
        import { createModels } from ${JSON.stringify(models)};
        import { fieldsOf, valuesOf } from ${JSON.stringify(fields)};
        const models = createModels(mongoose.createConnection());
        console.log(JSON.stringify([...fieldsOf(models), ...valuesOf(contract)]));`;
      return JSON.parse(await runIn(folder, program));
    },
    [Symbol.asyncDispose]: remove,
  };
}

async function git(...args: string[]): Promise<string> {
  return (await run('git', args, { cwd: root })).stdout;
}

/** Runs a program with the packages of a checkout, and answers what it prints. */
async function runIn(folder: string, program: string, ...args: string[]): Promise<string> {
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module'];
  return (await run(process.execPath, [...flags, '-e', program, ...args], { cwd: folder })).stdout;
}

/** @throws Error with a sentence when the clone in this folder does not hold the release's commit */
export async function assertInHistory({ version, commit }: Release, clone: string): Promise<void> {
  try {
    await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: clone });
  } catch (error) {
    throw new Error(
      `The commit of release ${version} (${commit}) is not in this clone's history. ` +
        'The mixed-version test needs the whole history: run `git fetch --unshallow`.',
      { cause: error },
    );
  }
}

/** The installed packages of this checkout also serve the old release where both lock the same versions. */
async function installInto(folder: string): Promise<void> {
  if (await hasSamePackages(folder)) await linkPackages(folder);
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>;
}

async function hasSamePackages(folder: string): Promise<boolean> {
  const [old, current] = await Promise.all([folder, root].map(readLock));
  const isOurs = (path: string) => !path.includes('node_modules/') || old?.packages[path]?.link;
  return Object.entries(old?.packages ?? {}).every(
    ([path, { version }]) => isOurs(path) || current?.packages[path]?.version === version,
  );
}

async function readLock(folder: string): Promise<Lockfile> {
  return JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
}

/** Links every package but the workspace's own, which must be the release's. */
async function linkPackages(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules/@parley'), { recursive: true });
  const names = (await readdir(join(root, 'node_modules'))).filter((name) => name !== '@parley');
  await Promise.all(
    names.map((name) => symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))),
  );
  for (const group of ['apps', 'packages']) {
    for (const name of await readdir(join(folder, group))) {
      const source = join(folder, group, name);
      await symlink(source, join(folder, 'node_modules/@parley', name));
      // Packages of which two versions are locked lie beside the workspace that needs the other one.
      const own = join(root, group, name, 'node_modules');
      await symlink(own, join(source, 'node_modules'));
    }
  }
}
