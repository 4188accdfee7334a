import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMongo } from '@parley/embedded';
import { loadDriver, type MongoClient } from '../floor/driver.ts';

export interface OpenMongo extends AsyncDisposable {
  readonly client: MongoClient;
  readonly version: string;
  /** The address of a database, by name. */
  uriOf(database: string): string;
}

/** The databases of a run. */
export const databases = {
  server: 'parley_bench_server',
  floor: 'parley_bench_floor',
  withLog: 'parley_bench_with_log',
  withoutLog: 'parley_bench_without_log',
  withLimits: 'parley_bench_with_limits',
  withoutLimits: 'parley_bench_without_limits',
  firstHour: 'parley_bench_first_hour',
} as const;

/** Where fetched programs are kept, the tests' own place. */
const cacheDir = fileURLToPath(new URL('../../node_modules/.cache/parley', import.meta.url));

/** Opens the MongoDB at `uri`, or one made for this run in `folder`, without what an earlier run left. */
export async function openMongo(
  uri: string | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<OpenMongo> {
  await using owned = new AsyncDisposableStack();
  const address = uri ?? (await startOwn(join(folder, 'mongodb'), owned, signal));
  const client = await loadDriver().MongoClient.connect(address);
  owned.defer(() => client.close());
  const drop = async () => {
    for (const name of Object.values(databases)) await client.db(name).dropDatabase();
  };
  await drop();
  owned.defer(drop);
  const { version } = await client.db('admin').command({ buildInfo: 1 });
  const kept = owned.move();
  return {
    client,
    version: String(version),
    uriOf(database) {
      const url = new URL(address);
      url.pathname = `/${database}`;
      return url.href;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startOwn(dataDir: string, owned: AsyncDisposableStack, signal: AbortSignal): Promise<string> {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const mongo = await startMongo({ dataDir, cacheDir, onProgress, signal });
  owned.defer(() => mongo.stop());
  return mongo.uri;
}
