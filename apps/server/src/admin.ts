import { Command } from 'commander';
import { messageOf, say } from './admin/act.ts';
import { addDataCommands } from './admin/data-commands.ts';
import { addDatabaseCommands } from './admin/database-commands.ts';
import { addEncryptionCommands } from './admin/encryption-commands.ts';
import { addKeyCommands } from './admin/key-commands.ts';
import { addMovedCommands } from './admin/moved-commands.ts';
import { addTeamCommands } from './admin/team-commands.ts';
import { version } from './version.ts';

/*
 * `npm run -s admin -- <noun> <verb>`: the commands that need the database itself. Every other command is in `parley`
 * (apps/cli), which uses the API. Each verb prints one JSON object to standard output (an export prints one per line);
 * notes go to standard error. The command uses the database of the running server, or starts it for as long as it runs.
 */

const program = new Command('admin')
  .description(
    'Administers the database of Parley: teams, first keys, export and import, migrations, encryption.',
  )
  .version(version)
  .showHelpAfterError();
addTeamCommands(program);
addKeyCommands(program);
addDataCommands(program);
addDatabaseCommands(program);
addEncryptionCommands(program);
addMovedCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
