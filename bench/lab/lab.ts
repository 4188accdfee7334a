import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../load/task.ts';
import { type Child, startChild } from './child.ts';
import { databases, type OpenMongo, openMongo } from './open-mongo.ts';
import { copyIndexes } from './same-documents.ts';
import { HIGH_LIMITS, startServer } from './start-server.ts';

/** A measured process. */
export interface Subject {
  readonly target: Target;
  readonly child: Child;
}

export interface ServerSubject extends Subject {
  readonly teamId: string;
  /** The name of its database. */
  readonly database: string;
  readonly dataDir: string;
}

/** All that takes part in a run, each a process of its own. */
export interface Lab extends AsyncDisposable {
  readonly mongo: OpenMongo;
  /** The scripted model. */
  readonly model: Child;
  readonly floor: Subject;
  readonly server: ServerSubject;
  readonly load: Child;
  /** Starts one more load generator, for the work beside the measured load. */
  startLoad(): Child;
  /**
   * Starts one more server, on a database of its own, changed by what is loaded before its own program. It has limits
   * that reject nothing, unless it is given an environment.
   */
  startServer(
    database: keyof typeof databases,
    preload?: readonly URL[],
    env?: Readonly<Record<string, string>>,
  ): Promise<ServerSubject>;
}

/**
 * Starts everything; disposing of it ends everything and leaves nothing behind. So does `signal`: callers that wait
 * for an answer of one of the processes then get an error.
 */
export async function openLab(mongodbUri: string | undefined, signal: AbortSignal): Promise<Lab> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const mongo = owned.use(await openMongo(mongodbUri, folder, signal));
  const startIn = (stack: AsyncDisposableStack, name: string, file: string, args: readonly string[] = []) => {
    const logPath = join(folder, 'lab.log');
    const child = startChild({ name, file: new URL(file, import.meta.url), logPath, args });
    stack.defer(() => child.stop());
    return child;
  };
  const start = (name: string, file: string, args?: readonly string[]) => startIn(owned, name, file, args);
  const model = start('the scripted model', '../upstream.ts');
  const modelUrl = await model.ask<string>('url');
  // Later processes end with the first server: before the model and the database.
  const later = owned.use(new AsyncDisposableStack());
  const startOne: Lab['startServer'] = async (database, preload = [], env = HIGH_LIMITS) => {
    const mongodbUri = mongo.uriOf(databases[database]);
    const { child, dataDir, access } = await startServer({
      ...{ name: database, folder, mongodbUri, modelUrl, preload, env },
    });
    later.defer(() => child.stop());
    const { url, teamId, agentId, secretKey: key } = access;
    const target = { url, key, agentId };
    return { child, teamId, database: databases[database], dataDir, target };
  };
  const server = await startOne('server');
  await copyIndexes(mongo);
  const { key, agentId } = server.target;
  const floorUri = mongo.uriOf(databases.floor);
  const floorArgs = [floorUri, `${modelUrl}/chat/completions`, server.teamId, agentId, key];
  const floorChild = start('the floor', '../floor/main.ts', floorArgs);
  const floorUrl = await floorChild.ask<string>('url');
  const startLoad = () => startIn(later, 'a load generator', '../load/main.ts');
  const load = startLoad();
  signal.throwIfAborted();
  const kept = owned.move();
  signal.addEventListener('abort', () => void kept.disposeAsync());
  return {
    mongo,
    model,
    floor: { child: floorChild, target: { url: floorUrl, key, agentId } },
    server,
    load,
    startLoad,
    startServer: startOne,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
