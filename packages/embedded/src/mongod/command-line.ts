import { readFile } from 'node:fs/promises';
import { runCommand } from '../run-command.ts';

/**
 * Returns the command line of the process with this pid, with spaces between its arguments. Returns `undefined` when no
 * process has the pid, when it is a zombie, and when the system hides its command line.
 */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  const line = process.platform === 'linux' ? await readFromProc(pid) : await readFromPs(pid);
  return line === '' ? undefined : line;
}

async function readFromProc(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.replaceAll('\0', ' ').trim();
}

/** For systems without `/proc`, such as macOS. ps prints a zombie's name in parentheses or nothing. */
async function readFromPs(pid: number): Promise<string> {
  const args = ['-ww', '-o', 'stat=', '-o', 'command=', '-p', String(pid)];
  const { exitCode, output } = await runCommand('ps', args, { timeoutMs: 10_000 });
  const [, state = 'Z', command = ''] = /^(\S+)\s+(.*)$/.exec(output.trim()) ?? [];
  return exitCode === 0 && !state.startsWith('Z') ? command : '';
}
