import type { Command } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { printTable } from '../print/table.ts';
import { timestamp } from '../print/timestamp.ts';
import type { GlobalOptions } from '../session.ts';
import { wholeNumber } from './whole-number.ts';

interface AuditOptions extends GlobalOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** Adds `parley audit`. */
export function auditCommand(program: Command, context: CommandContext): void {
  program
    .command('audit')
    .description('list administrative actions, newest first (needs a secret key)')
    .option('--limit <number>', 'the maximum number of entries; default: 100', wholeNumber)
    .option('--cursor <cursor>', 'the cursor of the previous list')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<AuditOptions>();
      const { limit, cursor } = options;
      return withResult(
        context,
        options,
        ({ parley }) => parley.trpc.audit.list.query({ limit, cursor }),
        ({ entries, nextCursor }, terminal) => {
          printTable(terminal, entries, [
            ['TIME (UTC)', ({ at }) => timestamp(at)],
            ['ACTOR', ({ actor }) => actor.keyId ?? actor.kind],
            ['ACTION', ({ action }) => action],
            ['TARGET', ({ targetId }) => targetId],
            ['OUTCOME', ({ outcome }) => outcome],
          ]);
          if (nextCursor !== undefined) terminal.say(`There is more. Continue with --cursor ${nextCursor}`);
        },
      );
    });
}
