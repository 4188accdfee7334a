import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beginAuditedAction } from '@parley/api/operator';
import type { Command } from 'commander';
import { exportTeam } from '../transfer/export-team.ts';
import { importTeam } from '../transfer/import-team.ts';
import { readLines } from '../transfer/read-lines.ts';
import { actOn, scopeOf, withStores } from './act.ts';
import { example } from './example.ts';

/** Adds `admin data`: export and import of a team. */
export function addDataCommands(program: Command): void {
  const data = program.command('data').description('exports and imports the data of a team');

  data
    .command('export')
    .requiredOption('--team <teamId>', 'the team to export')
    .option('--user <userId>', 'only the chats of this user, without usage')
    .option('--with-secrets', 'include the values of tool headers, which are credentials')
    .description('prints agents, chats and usage, one JSON object a line; see docs/data.md')
    .addHelpText('after', example('data export --team team_… > team.jsonl'))
    .action(exportData);

  data
    .command('import')
    .requiredOption('--team <teamId>', 'the team to import into')
    .description('imports an export from standard input; existing objects are left unchanged')
    .addHelpText('after', example('data import --team team_… < team.jsonl'))
    .action(importData);
}

interface ExportOptions {
  readonly team: string;
  readonly user?: string;
  readonly withSecrets?: true;
}

async function exportData({ team, user, withSecrets }: ExportOptions): Promise<void> {
  await withStores(async (stores) => {
    const scope = await scopeOf(stores, team);
    const end = await beginAuditedAction(stores.audit, scope, {
      actor: { kind: 'admin' },
      action: 'data export',
    });
    const lines = exportTeam(
      stores.transfer,
      { ...scope, ...(user !== undefined && { user }) },
      { withSecrets },
    );
    await pipeline(Readable.from(asText(lines)), process.stdout, { end: false });
    await end({ target: scope.team });
  });
}

async function* asText(lines: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

async function importData({ team }: { team: string }): Promise<void> {
  await actOn({ team, action: 'data import', target: team }, async (stores, scope) => {
    const summary = await importTeam(stores.transfer, scope, readLines(process.stdin));
    return { answer: { teamId: scope.team, ...summary }, target: scope.team };
  });
}
