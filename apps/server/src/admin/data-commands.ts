import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beginAct, erase } from '@parley/api';
import { userIdSchema } from '@parley/contract';
import type { Command } from 'commander';
import { exportTeam } from '../transfer/export-team.ts';
import { importTeam } from '../transfer/import-team.ts';
import { readLines } from '../transfer/read-lines.ts';
import { actOn, scopeOf, withStores } from './act.ts';
import { createEraser } from './eraser.ts';
import { example } from './example.ts';

export function addDataCommands(program: Command): void {
  const data = program.command('data').description('what people said: export, import, deletion');

  data
    .command('export')
    .requiredOption('--team <teamId>', 'whose data')
    .option('--user <userId>', 'the chats of this user alone, without usage')
    .option('--with-secrets', "with what the headers of agents' tools hold")
    .description('prints agents, chats and usage, one JSON object a line; see docs/data.md')
    .addHelpText('after', example('data export --team team_… > team.jsonl'))
    .action(exportData);

  data
    .command('import')
    .requiredOption('--team <teamId>', 'where to')
    .description('stores an export from standard input; what is there stays as it is')
    .addHelpText('after', example('data import --team team_… < team.jsonl'))
    .action(importData);

  data
    .command('delete-user')
    .argument('<userId>', 'the user')
    .requiredOption('--team <teamId>', 'of which team')
    .description('deletes all that there is of a user')
    .addHelpText('after', example('data delete-user user_1 --team team_…'))
    .action(deleteUser);
}

interface ExportOptions {
  readonly team: string;
  readonly user?: string;
  readonly withSecrets?: true;
}

async function exportData({ team, user, withSecrets }: ExportOptions): Promise<void> {
  await withStores(async (stores) => {
    const scope = await scopeOf(stores, team);
    const end = await beginAct(stores.audit, scope, { actor: { kind: 'admin' }, action: 'data export' });
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
  await actOn({ team, action: 'data import', target: team }, async (stores, scope) => ({
    teamId: scope.team,
    ...(await importTeam(stores.transfer, scope, readLines(process.stdin))),
  }));
}

/** Who was deleted stands in no audit log: the deletion is what is noted. */
async function deleteUser(text: string, { team }: { team: string }): Promise<void> {
  const user = userIdSchema.parse(text);
  await actOn({ team, action: 'data delete-user' }, async (stores, scope) => {
    const deletion = await stores.deletions.begin(scope, user);
    const eraser = createEraser(stores);
    const isFinished = (await erase(eraser, deletion)) !== undefined;
    return { teamId: scope.team, id: deletion.id, isFinished };
  });
}
