import { Command } from 'commander';
import type { CommandContext } from './command.ts';
import { agentsCommand } from './commands/agents.ts';
import { auditCommand } from './commands/audit.ts';
import { chatCommand } from './commands/chat.ts';
import { chatsCommand } from './commands/chats.ts';
import { doctorCommand } from './commands/doctor.ts';
import { keysCommand } from './commands/keys.ts';
import { loginCommands } from './commands/login.ts';
import { messagesCommand } from './commands/messages.ts';
import { signingSecretsCommand } from './commands/signing-secrets.ts';
import { teamCommand } from './commands/team.ts';
import { usageCommand } from './commands/usage.ts';
import { usersCommand } from './commands/users.ts';
import { version } from './version.ts';

const EXIT_CODES = `
Exit codes: 0 success; 1 failure; 2 wrong usage; 3 not logged in or not allowed; 4 not found;
5 the server is unreachable or busy; 130 interrupted.`;

/** Builds the command line program with all commands. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('parley')
    .description('Chat with the agents of a Parley server, and manage a team.')
    .version(version)
    .option('--url <url>', "the server's address (PARLEY_URL)")
    .option('--key <key>', 'an API key (PARLEY_KEY, which other users of this machine cannot read)')
    .option('--user-token <token>', 'the token of a user, for keys that need one (PARLEY_USER_TOKEN)')
    .option('--json', 'print one JSON value to standard output, for programs')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(use --help for help)')
    .exitOverride();
  loginCommands(program, context);
  chatCommand(program, context);
  chatsCommand(program, context);
  messagesCommand(program, context);
  agentsCommand(program, context);
  keysCommand(program, context);
  signingSecretsCommand(program, context);
  usersCommand(program, context);
  teamCommand(program, context);
  usageCommand(program, context);
  auditCommand(program, context);
  doctorCommand(program, context);
  return program;
}
