import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OwnServerOptions } from './server.ts';

const PROGRAM = fileURLToPath(new URL('server.ts', import.meta.url));

export interface OwnServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts a server in a process of its own. @throws Error with the sentence that the server does not start with */
export async function startOwnServer(options: OwnServerOptions): Promise<OwnServer> {
  const child = fork(PROGRAM, [JSON.stringify(options)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { url, problem } = await firstMessage(child);
  if (url === undefined) throw new Error(problem ?? 'the server ended before it listened');
  return {
    url,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function firstMessage(child: ChildProcess): Promise<{ url?: string; problem?: string }> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as { url?: string; problem?: string }));
    child.once('exit', () => resolve({}));
  });
}
