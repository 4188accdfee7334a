import { type ChildProcess, spawn } from 'node:child_process';
import { environmentWithoutSecrets } from './env.ts';

/** Limits of a command. */
export interface RunCommandOptions {
  /** The command is killed after this many milliseconds. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** How a command ended. */
export interface CommandOutcome {
  /** `undefined` when the command was killed or could not be started. */
  exitCode: number | undefined;
  /** The last 64 KiB of both output streams, or the reason why it could not be started. */
  output: string;
  timedOut: boolean;
}

/**
 * Runs a command without standard input and without the server's secrets in its environment, and resolves with its outcome.
 * A failed command resolves too. Only an aborted `signal` rejects, with its reason, after the command has ended.
 *
 * The command runs in its own process group, so that its children are killed with it: a version manager's wrapper runs the
 * real program as a child.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  { timeoutMs, signal }: RunCommandOptions,
): Promise<CommandOutcome> {
  signal?.throwIfAborted();
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: environmentWithoutSecrets(),
  });
  let output = '';
  const collect = (chunk: string) => {
    output = (output + chunk).slice(-OUTPUT_LENGTH_MAX);
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  const bound = AbortSignal.timeout(timeoutMs);
  const stop = () => killGroup(child);
  for (const reason of [bound, signal]) reason?.addEventListener('abort', stop, { once: true });
  try {
    const exitCode = await ended(child);
    signal?.throwIfAborted();
    return { exitCode, output, timedOut: bound.aborted && exitCode === undefined };
  } catch (error) {
    signal?.throwIfAborted();
    return { exitCode: undefined, output: messageOf(error), timedOut: false };
  } finally {
    for (const reason of [bound, signal]) reason?.removeEventListener('abort', stop);
  }
}

/** Arguments of `env` that make a command reach a server on this machine directly. */
export const WITHOUT_PROXIES = [
  'http_proxy',
  'HTTP_PROXY',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
].flatMap((variable) => ['-u', variable]);

const OUTPUT_LENGTH_MAX = 64 * 1024;

function ended(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? undefined));
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The command has ended meanwhile.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
