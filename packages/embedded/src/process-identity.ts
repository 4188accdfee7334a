import { readFile } from 'node:fs/promises';
import { runCommand } from './run-command.ts';

/**
 * One run of one program. Process ids are used again, so a pid alone names nobody: only together with the
 * moment the process started does it stay the same process's for ever.
 */
export interface ProcessIdentity {
  pid: number;
  /** The moment of the start, in the system's own terms, as letters, digits and dashes. Only equality counts. */
  startMark: string;
}

/** Who has this pid now, or `undefined` when nobody does. A zombie is nobody: it holds nothing any more. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
}

/** Whether this very process still runs. */
export async function isRunning({ pid, startMark }: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(pid))?.startMark === startMark;
}

/**
 * The command line of the process with this pid, `undefined` when there is none or it may not be seen. Where
 * the system tells it only as one line, it is split at spaces.
 */
export async function argumentsOf(pid: number): Promise<string[] | undefined> {
  if (process.platform === 'linux') {
    const line = await readOrNothing(`/proc/${pid}/cmdline`);
    return line === undefined || line === '' ? undefined : line.split('\0');
  }
  const line = await ps(pid, ['-ww', '-o', 'command=']);
  return line?.split(' ');
}

async function identifyByProc(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readOrNothing(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
  // The ticks count from the boot, so they repeat after the next one.
  const boot = (await readOrNothing('/proc/sys/kernel/random/boot_id')) ?? '';
  return { pid, startMark: asMark(`${boot.trim()}-${startTicks}`) };
}

/** For systems without `/proc`, macOS above all. */
export async function identifyByPs(pid: number): Promise<ProcessIdentity | undefined> {
  const line = await ps(pid, ['-o', 'stat=', '-o', 'lstart=']);
  const [state = 'Z', ...start] = line?.split(/\s+/) ?? [];
  return state.startsWith('Z') ? undefined : { pid, startMark: asMark(start.join('-')) };
}

async function ps(pid: number, columns: string[]): Promise<string | undefined> {
  const args = ['LC_ALL=C', 'ps', ...columns, '-p', String(pid)];
  const { exitCode, output } = await runCommand('env', args, { timeoutMs: 10_000 });
  return exitCode === 0 ? output.trim() : undefined;
}

async function readOrNothing(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function asMark(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]+/g, '-');
}
