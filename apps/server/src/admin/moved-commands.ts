import type { Command } from 'commander';

/** The commands of release 0.1.0 that are commands of `parley` now. */
const MOVED: Readonly<Record<string, string>> = {
  agent: 'agents',
  'signing-secret': 'signing-secrets',
  usage: 'usage',
  audit: 'audit',
};

/** Adds hidden commands that name the command of `parley` to use instead. */
export function addMovedCommands(program: Command): void {
  for (const [name, command] of Object.entries(MOVED)) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .argument('[words...]')
      .action(() => {
        throw new Error(
          `This command is in parley now. Run: npm run -s parley -- ${command} --help\n` +
            'It needs the address of the server and a secret key (PARLEY_URL and PARLEY_KEY).',
        );
      });
  }
}
