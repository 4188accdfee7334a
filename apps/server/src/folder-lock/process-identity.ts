import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * One run of one program. The system reuses process ids, so a pid alone identifies nothing. Together with the time at
 * which the process started it does.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** The start time in the system's own notation, reduced to letters, digits and dashes. Compare it only for equality. */
  readonly startMark: string;
}

/** Identifies the process that has this pid now. A zombie counts as no process, because it holds nothing any more. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
}

/** Returns whether this very process still runs. */
export async function isRunning({ pid, startMark }: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(pid))?.startMark === startMark;
}

async function identifyByProc(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readIfPresent(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses, and may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
  // The ticks count from the boot, so the same number can occur again after the next boot.
  const boot = (await readIfPresent('/proc/sys/kernel/random/boot_id')) ?? '';
  return { pid, startMark: asMark(`${boot.trim()}-${startTicks}`) };
}

/** Identifies a process on systems without `/proc`, such as macOS. */
export async function identifyByPs(pid: number): Promise<ProcessIdentity | undefined> {
  const line = await ps(pid);
  const [state = 'Z', ...start] = line?.split(/\s+/) ?? [];
  return state.startsWith('Z') ? undefined : { pid, startMark: asMark(start.join('-')) };
}

const PS_MAX_MS = 10_000;

async function ps(pid: number): Promise<string | undefined> {
  // `env` fixes the language of dates, which are part of the identity.
  const args = ['LC_ALL=C', 'ps', '-o', 'stat=', '-o', 'lstart=', '-p', String(pid)];
  try {
    const { stdout } = await promisify(execFile)('env', args, { timeout: PS_MAX_MS });
    return stdout.trim();
  } catch {
    // ps fails when no process has this pid.
    return undefined;
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function asMark(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]+/g, '-');
}
