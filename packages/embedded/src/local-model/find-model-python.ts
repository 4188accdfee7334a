import { runCommand } from '../run-command.ts';

/** Which Pythons to try. */
export interface FindModelPythonOptions {
  /** Names or paths, in this order. */
  candidates?: readonly string[];
  /** The oldest minor version of Python 3 that is accepted. */
  minorMin: number;
  signal?: AbortSignal;
}

/**
 * Finds a Python 3 that is new enough and returns the path of its program, not of a shell wrapper.
 *
 * @throws Error that names the versions found instead.
 */
export async function findModelPython(options: FindModelPythonOptions): Promise<string> {
  const { candidates = USUAL_NAMES, minorMin, signal } = options;
  const tooOld: string[] = [];
  for (const candidate of candidates) {
    const found = await askVersion(candidate, signal);
    if (found === undefined) continue;
    if (found.minor >= minorMin) return found.path;
    tooOld.push(`${candidate} is 3.${found.minor}`);
  }
  const instead = tooOld.length > 0 ? tooOld.join(', ') : `there is no ${candidates.join(', ')}`;
  throw new Error(`Python 3.${minorMin} or newer is needed, and ${instead}`);
}

/** A system with an old default Python often has a newer one under a versioned name. */
const USUAL_NAMES = [
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python',
];

async function askVersion(python: string, signal?: AbortSignal) {
  const question = 'import sys; print(*sys.version_info[:2], sys.executable)';
  const { exitCode, output } = await runCommand(python, ['-I', '-c', question], {
    timeoutMs: 10_000,
    signal,
  });
  const [, minor, path] = /^3 (\d+) (.+)$/m.exec(output) ?? [];
  return exitCode === 0 && minor && path ? { minor: Number(minor), path } : undefined;
}
