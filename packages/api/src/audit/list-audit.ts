import { auditListSchema, isId, limits, listAuditInputSchema } from '@parley/contract';
import { z } from 'zod';
import { assertTeamWide } from '../authorize.ts';
import { cursorKind } from '../cursor.ts';
import { procedure } from '../procedures.ts';
import { toAuditEntry } from './to-audit-entry.ts';

const cursors = cursorKind(
  'audit',
  z.string().refine((text) => isId('audit', text)),
);

/** `audit.list`: lists the administrative actions of the team, newest first. */
export const listAudit = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/audit',
      operationId: 'listAudit',
      tags: ['Data'],
      summary: 'List administrative actions',
      description:
        'Lists who did what in your team, newest first: every action with a secret key on keys, agents, users and ' +
        'data, and every action of the operator. Entries are kept for 400 days.',
    },
    errors: ['secret_key_needed', 'whole_team_key_needed', 'invalid_cursor'],
  })
  .input(listAuditInputSchema)
  .output(auditListSchema)
  .query(async ({ ctx: { stores, scope }, input: { limit = limits.auditPageDefault, cursor } }) => {
    assertTeamWide(scope);
    const after = cursor === undefined ? undefined : cursors.decode({}, cursor);
    const { items, next } = await stores.audit.list(scope, { limit, ...(after !== undefined && { after }) });
    return { entries: items.map(toAuditEntry), ...(next && { nextCursor: cursors.encode({}, next) }) };
  });
