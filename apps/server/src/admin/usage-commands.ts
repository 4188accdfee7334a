import { daysOf, toUsageSum } from '@parley/api';
import { limits, listUsageInputSchema } from '@parley/contract';
import type { Command } from 'commander';
import { act, scopeOf } from './act.ts';
import { example } from './example.ts';

export function addUsageCommands(program: Command): void {
  const usage = program.command('usage').description('what was used');

  usage
    .command('show')
    .requiredOption('--team <teamId>', 'by which team')
    .option('--from <day>', 'the first day, in UTC; 29 days before the last one, unless given')
    .option('--to <day>', 'the last day; today, unless given')
    .option('--group-by <field>', 'day, agent, user, key or model', 'day')
    .option('--after <name>', 'where the next page begins: `next` of the one before')
    .description('sums up calls and tokens by day, agent, user, key or model')
    .addHelpText('after', example('usage show --team team_… --from 2026-11-01 --group-by agent'))
    .action(showUsage);
}

interface ShowUsageOptions {
  readonly team: string;
  readonly from?: string;
  readonly to?: string;
  readonly groupBy: string;
  readonly after?: string;
}

async function showUsage({ team, after, ...options }: ShowUsageOptions): Promise<void> {
  const { groupBy = 'day', ...asked } = listUsageInputSchema.parse(options);
  const query = { ...daysOf(asked), groupBy };
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const page = { limit: limits.usagePageMax, ...(after !== undefined && { after }) };
    const { items, next } = await stores.usage.list(scope, query, page);
    return {
      ...{ teamId: scope.team, ...query },
      usage: items.map((sum) => toUsageSum(groupBy, sum)),
      ...(next !== undefined && { next }),
    };
  });
}
