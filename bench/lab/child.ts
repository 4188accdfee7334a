import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** A process of the lab, which answers questions. */
export interface Child {
  /** @throws Error what the child threw, or that it ended */
  ask<Answer>(name: string, details?: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** How it is called in messages. */
  readonly name: string;
  readonly file: URL;
  readonly args?: readonly string[];
  /** Modules to load before `file`. */
  readonly preload?: readonly URL[];
  /** All of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its standard output and error go. */
  readonly logPath: string;
}

interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** A server may take its time to finish what it was asked; after this it is ended by force. */
const STOP_MAX_MS = 25_000;

/** Starts a process of the lab. */
export function startChild({ name, file, args = [], preload = [], env = {}, logPath }: ChildOptions): Child {
  const log = openSync(logPath, 'a');
  const child = fork(file, args, {
    env,
    execArgv: preload.flatMap(({ href }) => ['--import', href]),
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  child.on('message', (message) => {
    const { id, answer, error } = message as Answer;
    const question = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) question?.resolve(answer);
    else question?.reject(new Error(`${name}: ${error}`));
  });
  child.once('exit', () => {
    for (const question of waiting.values()) question.reject(endedError(name, logPath));
    waiting.clear();
  });
  return {
    async ask<Answer>(question: string, details?: unknown) {
      if (child.exitCode !== null || child.signalCode !== null) throw endedError(name, logPath);
      const answer = Promise.withResolvers<unknown>();
      const id = ++asked;
      waiting.set(id, answer);
      child.send({ id, name: question, details });
      // Both ends are ours: who asks knows what is answered.
      return (await answer.promise) as Answer;
    },
    stop: () => stop(child),
  };
}

function endedError(name: string, logPath: string): Error {
  return new Error(`${name} ended by itself; what it said is in ${logPath}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
  await exited;
  clearTimeout(force);
}
