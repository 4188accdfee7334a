import { Command } from 'commander';
import { messageOf, say } from './admin/act.ts';
import { addAgentCommands } from './admin/agent-commands.ts';
import { addAuditCommands } from './admin/audit-commands.ts';
import { addDataCommands } from './admin/data-commands.ts';
import { addDatabaseCommands } from './admin/database-commands.ts';
import { addEncryptionCommands } from './admin/encryption-commands.ts';
import { addKeyCommands } from './admin/key-commands.ts';
import { addSigningSecretCommands } from './admin/signing-secret-commands.ts';
import { addTeamCommands } from './admin/team-commands.ts';
import { addUsageCommands } from './admin/usage-commands.ts';
import { version } from './version.ts';

/*
 * `npm run -s admin -- <noun> <verb>`: each verb prints one JSON object on standard output (an export one a line);
 * everything for
 * people goes to standard error. It works on the running server's database, else starts it for the moment.
 */

const program = new Command('admin')
  .description('Administers Parley. Every verb prints one JSON object.')
  .version(version)
  .showHelpAfterError();
addTeamCommands(program);
addAgentCommands(program);
addKeyCommands(program);
addSigningSecretCommands(program);
addUsageCommands(program);
addDataCommands(program);
addAuditCommands(program);
addDatabaseCommands(program);
addEncryptionCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
