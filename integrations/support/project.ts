import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { atEnd } from './at-end.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which then ends. */
  readonly input?: string;
}

/** A copy of one of `integrations/projects`, outside of the workspace, with all that npm installs for it. */
export interface Project {
  readonly folder: string;
  /** Runs a program of the project (`tsc`), or of the path (`node`), to its end. */
  run(command: string, args?: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts one that stays, and waits until it has printed what matches. It ends with the test file. */
  start(
    command: string,
    args: readonly string[],
    until: RegExp,
    options?: CommandOptions,
  ): Promise<RegExpExecArray>;
  /** The names of all packages that were installed. */
  installed(): Promise<string[]>;
}

const PROJECTS = fileURLToPath(new URL('../projects', import.meta.url));
/** Variables of this test's runner, which a person's shell does not have. */
const FOREIGN =
  /^(npm_(?!config_(registry|cache|userconfig|cafile|proxy|https_proxy|noproxy)$)|INIT_CWD$|NODE_ENV$|VITEST|TEST$|MODE$|PROD$|DEV$|SSR$|BASE_URL$|FORCE_COLOR$|PARLEY_)/i;

/**
 * Copies a project, installs it and answers it; the copy goes with the test file. Without a name: an empty one, for
 * ES modules.
 *
 * @throws Error with what npm says
 */
export async function openProject(name?: string): Promise<Project> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `parley-${name ?? 'empty'}-`)));
  atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  if (name === undefined)
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  else
    await cp(join(PROJECTS, name), folder, { recursive: true, filter: (path) => !/node_modules/.test(path) });
  await writeFile(
    join(folder, '.npmrc'),
    `@parley:registry=${inject('packageRegistry')}\nfund=false\naudit=false\n`,
  );
  const project = projectIn(folder);
  if (name !== undefined && existsSync(join(folder, 'package.json')))
    succeeded(await project.run('npm', ['install']));
  return project;
}

/** The result of a command that has to succeed. @throws Error with all it printed, when it did not */
export function succeeded(result: CommandResult): CommandResult {
  if (result.code === 0) return result;
  throw new Error(`It ended with ${result.code}.\n${result.stdout}\n${result.stderr}`);
}

function projectIn(folder: string): Project {
  const spawnIn = (
    command: string,
    args: readonly string[],
    { env, input }: CommandOptions,
    stays = false,
  ): ChildProcess => {
    const child = spawn(command, args, { cwd: folder, env: environment(folder, env), detached: stays });
    child.stdin.on('error', () => undefined).end(input ?? '');
    return child;
  };
  return {
    folder,

    async run(command, args = [], options = {}) {
      const child = spawnIn(command, args, options);
      const output = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name]?.setEncoding('utf8').on('data', (text: string) => {
          output[name] += text;
        });
      }
      const [code] = await once(child, 'close');
      return { code, ...output };
    },

    async start(command, args, until, options = {}) {
      const child = spawnIn(command, args, options, true);
      const ended = once(child, 'close');
      atEnd(async () => {
        // Its own child processes end with it.
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
          process.kill(-child.pid);
        }
        await ended;
      });
      let output = '';
      return await new Promise((resolve, reject) => {
        const look = (text: string) => {
          output += text;
          const found = until.exec(output);
          if (found) resolve(found);
        };
        child.stdout?.setEncoding('utf8').on('data', look);
        child.stderr?.setEncoding('utf8').on('data', look);
        ended.then(() => reject(new Error(`${command} ended before it was ready.\n${output}`)), reject);
      });
    },

    async installed() {
      const entries = await readdir(join(folder, 'node_modules'), { recursive: true });
      return entries.flatMap(
        (path) => /(?:^|node_modules\/)((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? [],
      );
    },
  };
}

function environment(folder: string, more: CommandOptions['env']): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const { PATH, ...rest } = Object.fromEntries(kept);
  // The test reads the output of programs, and some would color it where `CI` is set.
  return { ...rest, NO_COLOR: '1', PATH: `${join(folder, 'node_modules/.bin')}:${PATH}`, ...more };
}
