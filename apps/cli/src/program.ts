import { Command } from 'commander';
import type { World } from './command.ts';
import { agentsCommand } from './commands/agents.ts';
import { chatCommand } from './commands/chat.ts';
import { chatsCommand } from './commands/chats.ts';
import { doctorCommand } from './commands/doctor.ts';
import { keysCommand } from './commands/keys.ts';
import { loginCommands } from './commands/login.ts';
import { messagesCommand } from './commands/messages.ts';
import { usageCommand } from './commands/usage.ts';
import { version } from './version.ts';

const EXIT_CODES = `
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 not logged in, or not allowed; 4 not found;
5 the server cannot be reached or is busy; 130 interrupted.`;

/** The whole command line. */
export function buildProgram(world: World): Command {
  const program = new Command('parley')
    .description('Chats with the agents of a Parley server, and looks after a team.')
    .version(version)
    .option('--url <url>', "the server's address (PARLEY_URL)")
    .option('--key <key>', 'an API key (PARLEY_KEY, which others on this machine cannot read)')
    .option('--user-token <token>', 'whose chats they are, for a key of users (PARLEY_USER_TOKEN)')
    .option('--json', 'one JSON value on standard output, for programs')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help says more)')
    .exitOverride();
  loginCommands(program, world);
  chatCommand(program, world);
  chatsCommand(program, world);
  messagesCommand(program, world);
  agentsCommand(program, world);
  keysCommand(program, world);
  usageCommand(program, world);
  doctorCommand(program, world);
  return program;
}
