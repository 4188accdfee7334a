/**
 * The real server, as a process that is told its parts and held at its crash points by the parent that started
 * it. It ends with its parent.
 */
import { connectDatabase } from '@parley/db';
import { compose } from '../../../src/compose.ts';
import { createLog } from '../../../src/log.ts';
import { untilStopped } from '../../../src/until-stopped.ts';
import { CrashPoints, type Order, type Report } from './crash-points.ts';

/** The settings of a server under test. */
export interface ServerDeps {
  readonly mongodbUri: string;
  readonly modelUrl: string;
  /** Tells the model who calls. */
  readonly modelKey: string;
  readonly leaseMs: number;
  readonly tickMs: number;
  /** From SIGTERM to the hand-over of what still runs. */
  readonly drainMs: number;
}

const parts = JSON.parse(process.argv[2] ?? '{}') as ServerDeps;
const tell = (report: Report) => process.send?.(report);
const points = new CrashPoints(tell);
process.on('message', (order) => points.obey(order as Order));
/** Its parent is gone. */
const onOrphaned = () => process.exit(1);
process.on('disconnect', onOrphaned);

/** Errors in the log are bugs, or harm that nobody did. */
function writeLine(line: string): void {
  process.stdout.write(line);
  if (line.includes('"level":"error"')) tell({ kind: 'trouble', line });
}

const say = (line: string) => process.stderr.write(`${line}\n`);

await untilStopped(async () => {
  const { mongodbUri, modelUrl, modelKey, leaseMs, tickMs, drainMs } = parts;
  const database = await connectDatabase(mongodbUri);
  const composition = await compose({
    database: points.wrap(database),
    model: { endpoint: () => ({ baseUrl: modelUrl, apiKey: modelKey, model: 'scripted' }) },
    log: createLog('info', { write: writeLine }),
    contextTokens: 100_000,
    bounds: { leaseMs, tickMs },
  });
  const url = await composition.app.listen({ port: 0, host: '127.0.0.1' });
  tell({ kind: 'listening', url });
  return {
    async stop(force) {
      tell({ kind: 'stopping' });
      await composition.close(drainMs, force);
      await database.close();
      process.off('disconnect', onOrphaned).disconnect();
    },
  };
}, say);
