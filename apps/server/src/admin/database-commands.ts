import type { Database, DatabaseStatus } from '@parley/db';
import type { Command } from 'commander';
import { say, withDatabase } from './act.ts';
import { example } from './example.ts';

/** Adds `admin database`: schema version, migrations and indexes. */
export function addDatabaseCommands(program: Command): void {
  const database = program.command('database').description('schema version, migrations and indexes');

  database
    .command('status')
    .description('shows the schema version, pending steps, running index builds and live servers')
    .addHelpText('after', example('database status'))
    .action(showStatus);

  database
    .command('migrate')
    .option('--again', 'repeat finished steps, for example after a rollback to an older release')
    .description('runs all pending steps and index builds; servers may run at the same time')
    .addHelpText('after', example('database migrate'))
    .action(migrate);
}

async function showStatus(): Promise<void> {
  await withDatabase(async (database) => print(await database.status()));
}

async function migrate({ again = false }: { again?: boolean }): Promise<void> {
  const stop = new AbortController();
  const abort = () => stop.abort(new Error('Stopped. Run the command again to continue.'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, abort);
  await withDatabase(async (database) => {
    await database.migrate(showProgress, { again, signal: stop.signal });
    await showRest(database);
  });
}

function showProgress(_level: string, event: string, { error, ...fields }: Record<string, unknown>): void {
  const reason = error instanceof Error ? error.message : undefined;
  const details = Object.entries({ ...fields, ...(reason !== undefined && { reason }) });
  say([event, ...details.map(([name, value]) => `${name}: ${textOf(value)}`)].join('  '));
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/**
 * Shows the steps that are still pending. If some have to wait for older servers, the command exits with 1, but
 * reports no error.
 */
async function showRest(database: Database): Promise<void> {
  const status = await database.status();
  print(status);
  if (status.pendingSteps.length === 0) return;
  const names = status.pendingSteps.map(({ name }) => `"${name}"`).join(', ');
  say(
    `Still pending: ${names}. Servers of an older release are running; the steps wait for them to end. ` +
      'Stop them, then run the command again, or leave it to the servers of this release.',
  );
  process.exitCode = 1;
}

function print(status: DatabaseStatus): void {
  process.stdout.write(`${JSON.stringify(status)}\n`);
}
