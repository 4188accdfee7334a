import { expect } from 'vitest';
import { type Project, succeeded } from './project.ts';

/** Compiles a project: as it is, and also with the other way of resolving modules. */
export async function expectCompiles(project: Project): Promise<void> {
  succeeded(await project.run('tsc'));
  succeeded(await project.run('tsc', ['--module', 'esnext', '--moduleResolution', 'bundler']));
  // Some libraries' own types hold errors of theirs; ours hold none.
  const { stdout } = await project.run('tsc', ['--skipLibCheck', 'false']);
  expect(
    errorsIn(stdout).filter((line) => !line.startsWith('node_modules/') || line.includes('@parley/')),
  ).toEqual([]);
}

/** The errors of `tsc`, one a line. */
export function errorsIn(output: string): string[] {
  return output.split('\n').filter((line) => /^\S.*: error TS/.test(line));
}
