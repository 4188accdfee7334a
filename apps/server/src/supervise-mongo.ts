import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedMongo, StartMongoOptions } from '@parley/embedded';
import { loadEmbedded } from './load-embedded.ts';

/** The first pause before an ended database is started again. Each failure doubles it. */
const RESTART_MIN_MS = 200;
const RESTART_MAX_MS = 10_000;

const NOT_INSTALLED =
  'There is no database: set MONGODB_URI to the address of a MongoDB replica set, or install the embedded MongoDB with ' +
  '`npm ci`, without `--omit=optional`.';

/**
 * Starts the embedded database and starts it again, at the same address, whenever it ends by itself.
 *
 * @throws Error with a sentence for the operator: the embedded database is not installed, or does not start
 */
export async function superviseMongo(
  options: StartMongoOptions,
): Promise<Pick<EmbeddedMongo, 'uri' | 'stop'>> {
  const embedded = await loadEmbedded();
  if (!embedded) throw new Error(NOT_INSTALLED);
  const { startMongo } = embedded;
  const stopping = new AbortController();
  let current = await startMongo(options);
  const { uri, port } = current;

  const startAgain = async () => {
    const { onProgress } = options;
    for (let pause = RESTART_MIN_MS; !stopping.signal.aborted; pause = Math.min(pause * 2, RESTART_MAX_MS)) {
      onProgress('The embedded database ended by itself; starting it again …');
      try {
        current = await startMongo({ ...options, port, signal: stopping.signal });
        return;
      } catch (error) {
        onProgress(`It did not start: ${error instanceof Error ? error.message : String(error)}`);
        await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const supervision = (async () => {
    while (!stopping.signal.aborted) {
      await current.exited;
      await startAgain();
    }
  })();

  return {
    uri,
    async stop() {
      stopping.abort();
      await current.stop();
      await supervision;
      // A start that was under way may have succeeded in the meantime.
      await current.stop();
    },
  };
}
