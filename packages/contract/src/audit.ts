import { z } from 'zod';
import { idSchema } from './id.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { timestampSchema } from './time.ts';

/** Input of `audit.list`. */
export const listAuditInputSchema = z.strictObject({
  limit: pageLimitSchema.optional().meta({ description: 'The maximum number of entries. Default: 100.' }),
  cursor: cursorSchema.optional(),
});

/** An administrative action: the actor, the action and its target. It never contains chat content. */
export const auditEntrySchema = z
  .object({
    id: idSchema('audit'),
    at: timestampSchema,
    actor: z
      .object({
        kind: z.enum(['key', 'admin']).meta({
          description: '`key`: the holder of this API key. `admin`: an operator with the admin command.',
        }),
        keyId: idSchema('key').optional(),
      })
      .meta({ description: 'The actor.' }),
    action: z.string().meta({
      description:
        'The name of the operation, or the verb of the admin command. `secret_key_in_browser` is not an action: a page of ' +
        'another site sent this secret key, and the request was rejected.',
      examples: ['key.revoke'],
    }),
    targetId: z
      .string()
      .optional()
      .meta({ description: 'The id of the created, changed or deleted object.' }),
    requestId: z.string().optional().meta({ description: 'The id of the request in the log.' }),
    address: z.string().optional().meta({
      description: "The client's address as rate limits count it: an IPv4 address or an IPv6 network.",
    }),
    details: z.record(z.string(), z.unknown()).optional().meta({
      description:
        'The settings that a key was given: kind, scopes, agents, origins, budget and expiry. Never its text or name.',
    }),
    outcome: z.enum(['done', 'refused', 'unknown']).meta({
      description:
        '`refused`: a secret key asked for more than its own permissions, for example to issue a key or to change the team ' +
        'beyond its limits. This is recorded once an hour for each key and operation; other rejected requests are not ' +
        'listed. `unknown`: the action is still running or was cut off, and may have been done.',
    }),
  })
  .meta({ id: 'AuditEntry', description: 'An administrative action.' });

/** Output of `audit.list`, newest first. */
export const auditListSchema = z
  .object({ entries: z.array(auditEntrySchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'AuditList', description: 'Administrative actions, newest first.' });

/** An entry of the audit log. */
export type AuditEntry = z.infer<typeof auditEntrySchema>;
/** A page of the audit log, newest first. */
export type AuditList = z.infer<typeof auditListSchema>;
