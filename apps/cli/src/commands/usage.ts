import { type UsageSum, usageGroups } from '@parley/contract';
import { type Command, Option } from 'commander';
import { answering, type World } from '../command.ts';
import { printTable } from '../print/table.ts';
import type { GlobalOptions } from '../session.ts';

interface UsageOptions extends GlobalOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by: (typeof usageGroups)[number];
  readonly cursor?: string;
}

/** `parley usage`. */
export function usageCommand(program: Command, world: World): void {
  program
    .command('usage')
    .description('calls and tokens of the last 30 days (a secret key)')
    .addOption(new Option('--by <field>', 'what is summed up').choices(usageGroups).default('day'))
    .option('--from <day>', 'the first day, such as 2026-11-01')
    .option('--to <day>', 'the last day; today, unless given')
    .option('--cursor <cursor>', 'where the next page begins')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<UsageOptions>();
      const { by, from, to, cursor } = options;
      return answering(
        world,
        options,
        ({ parley }) => parley.trpc.usage.list.query({ groupBy: by, from, to, cursor }),
        ({ usage, nextCursor }, terminal) => {
          printTable(terminal, usage, [
            [by.toUpperCase(), (sum) => nameOf(sum)],
            ['ANSWERS', ({ turns }) => turns],
            ['CALLS', ({ calls }) => calls],
            ['TOKENS READ', ({ inputTokens }) => inputTokens],
            ['TOKENS WRITTEN', ({ outputTokens }) => outputTokens],
          ]);
          if (nextCursor !== undefined) terminal.say(`There is more: --cursor ${nextCursor}`);
        },
      );
    });
}

function nameOf({ day, agentId, userId, keyId, model }: UsageSum): string {
  return day ?? agentId ?? userId ?? keyId ?? model ?? '(none)';
}
