import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../load/task.ts';
import { type Child, startChild } from './child.ts';
import { databases, openMongo } from './open-mongo.ts';
import { copyIndexes, expectSameDocuments } from './same-documents.ts';
import { startServer } from './start-server.ts';

/** A measured process. */
export interface Subject {
  readonly name: 'floor' | 'server';
  readonly target: Target;
  readonly child: Child;
}

/** All that takes part in a run, each a process of its own. */
export interface Lab extends AsyncDisposable {
  readonly mongodbVersion: string;
  /** Where the scripted model listens. */
  readonly modelUrl: string;
  readonly floor: Subject;
  readonly server: Subject;
  readonly load: Child;
  /** @throws Error when the floor has stored other documents than the server */
  expectSameDocuments(): Promise<void>;
}

const REPORT_CPU = new URL('./report-cpu.ts', import.meta.url);

/**
 * Starts everything; disposing of it ends everything and leaves nothing behind. So does `signal`: whoever
 * waits for an answer of one of the processes then gets an error.
 */
export async function openLab(mongodbUri: string | undefined, signal: AbortSignal): Promise<Lab> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const mongo = owned.use(await openMongo(mongodbUri, folder, signal));
  const start = (name: string, file: string, args: readonly string[] = []) => {
    const logPath = join(folder, 'lab.log');
    const child = startChild({ name, file: new URL(file, import.meta.url), logPath, args });
    owned.defer(() => child.stop());
    return child;
  };
  const modelUrl = await start('the scripted model', '../upstream.ts').ask<string>('url');
  const { child: serverChild, access } = await startServer({
    folder,
    mongodbUri: mongo.uriOf(databases.server),
    modelUrl,
    preload: REPORT_CPU,
  });
  owned.defer(() => serverChild.stop());
  await copyIndexes(mongo);
  const { teamId, agentId, secretKey: key } = access;
  const floorChild = start('the floor', '../floor/main.ts', [
    mongo.uriOf(databases.floor),
    `${modelUrl}/chat/completions`,
    teamId,
    agentId,
    key,
  ]);
  const floorUrl = await floorChild.ask<string>('url');
  const load = start('the load generator', '../load/main.ts');
  signal.throwIfAborted();
  const kept = owned.move();
  signal.addEventListener('abort', () => void kept.disposeAsync());
  return {
    mongodbVersion: mongo.version,
    modelUrl,
    server: { name: 'server', child: serverChild, target: { url: access.url, key, agentId } },
    floor: { name: 'floor', child: floorChild, target: { url: floorUrl, key, agentId } },
    load,
    expectSameDocuments: () => expectSameDocuments(mongo),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
