import { type UsageSum, usageGroups } from '@parley/contract';
import { type Command, Option } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { printTable } from '../print/table.ts';
import type { GlobalOptions } from '../session.ts';

interface UsageOptions extends GlobalOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by: (typeof usageGroups)[number];
  readonly cursor?: string;
}

/** Adds `parley usage`. */
export function usageCommand(program: Command, context: CommandContext): void {
  program
    .command('usage')
    .description('show calls and tokens, by default of the last 30 days (needs a secret key)')
    .addOption(new Option('--by <field>', 'the field to group by').choices(usageGroups).default('day'))
    .option('--from <day>', 'the first day, such as 2026-11-01')
    .option('--to <day>', 'the last day; default: today')
    .option('--cursor <cursor>', 'the cursor of the previous list')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<UsageOptions>();
      const { by, from, to, cursor } = options;
      return withResult(
        context,
        options,
        ({ parley }) => parley.trpc.usage.list.query({ groupBy: by, from, to, cursor }),
        ({ usage, nextCursor }, terminal) => {
          const rated = usage.some(({ feedback }) => feedback);
          printTable(terminal, usage, [
            [by.toUpperCase(), (sum) => nameOf(sum)],
            ['ANSWERS', ({ turns }) => turns],
            ['CALLS', ({ calls }) => calls],
            ['TOKENS READ', ({ inputTokens }) => inputTokens],
            ['TOKENS WRITTEN', ({ outputTokens }) => outputTokens],
            ...(rated ? ratingColumns : []),
          ]);
          if (nextCursor !== undefined) terminal.say(`There is more. Continue with --cursor ${nextCursor}`);
        },
      );
    });
}

const ratingColumns = [
  ['UP', ({ feedback }: UsageSum) => feedback?.up ?? 0],
  ['DOWN', ({ feedback }: UsageSum) => feedback?.down ?? 0],
] as const;

function nameOf({ day, agentId, agentVersion, userId, keyId, model }: UsageSum): string {
  if (agentVersion !== undefined) return `${agentId} version ${agentVersion}`;
  return day ?? agentId ?? userId ?? keyId ?? model ?? '(none)';
}
