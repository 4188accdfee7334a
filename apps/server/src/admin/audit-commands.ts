import { toAuditEntry } from '@parley/api';
import { type Id, isId, limits, listAuditInputSchema } from '@parley/contract';
import type { Command } from 'commander';
import { act, scopeOf } from './act.ts';
import { example } from './example.ts';

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('who did what');

  audit
    .command('list')
    .requiredOption('--team <teamId>', 'in which team')
    .option('--limit <number>', 'how many at most', Number, limits.auditPageDefault)
    .option('--after <auditId>', 'only what was done before this one')
    .description('lists what was done with secret keys and by operators, newest first')
    .addHelpText('after', example('audit list --team team_… --limit 20'))
    .action(listAudit);
}

async function listAudit(options: { team: string; limit: number; after?: string }): Promise<void> {
  const { limit = limits.auditPageDefault } = listAuditInputSchema.parse({ limit: options.limit });
  const after = options.after === undefined ? undefined : auditId(options.after);
  await act(async (stores) => {
    const scope = await scopeOf(stores, options.team);
    const { items, next } = await stores.audit.list(scope, { limit, ...(after && { after }) });
    return { teamId: scope.team, entries: items.map(toAuditEntry), ...(next && { next }) };
  });
}

function auditId(text: string): Id<'audit'> {
  if (!isId('audit', text)) throw new Error(`${text} is no entry of the audit log.`);
  return text;
}
