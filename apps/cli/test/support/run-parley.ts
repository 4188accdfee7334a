import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The result of a finished command. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** Added to an environment without a server and a key. */
  readonly env?: Readonly<Record<string, string>>;
  /** The whole standard input. */
  readonly input?: string;
}

/** A running command. */
export interface RunningParley {
  readonly ended: Promise<Run>;
  /** Resolves when standard output contains the text. */
  printed(text: string): Promise<void>;
  /** Sends SIGINT, like Ctrl-C. */
  interrupt(): void;
}

/** Creates an empty folder for settings, which is removed after the test. */
export async function configHome(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Returns the arguments and the environment of the command. */
export function commandLine(args: readonly string[], env: RunOptions['env']) {
  const { PATH, HOME } = process.env;
  return {
    argv: ['--disable-warning=ExperimentalWarning', MAIN, ...args],
    env: { PATH, HOME, XDG_CONFIG_HOME: '/nonexistent', ...env },
  };
}

/** Starts the real command. */
export function startParley(args: readonly string[], { env, input = '' }: RunOptions = {}): RunningParley {
  const line = commandLine(args, env);
  const child = spawn(process.execPath, line.argv, { env: line.env });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const look of [...waiting]) look();
    });
  }
  child.stdin.on('error', () => undefined).end(input);
  return {
    ended: once(child, 'close').then(([code]) => ({ code, ...output })),
    printed: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!output.stdout.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    interrupt: () => void child.kill('SIGINT'),
  };
}

/** Runs the real command to its end. */
export function runParley(args: readonly string[], options?: RunOptions): Promise<Run> {
  return startParley(args, options).ended;
}
