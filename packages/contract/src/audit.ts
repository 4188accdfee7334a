import { z } from 'zod';
import { idSchema } from './id.ts';
import { cursorSchema, nextCursorSchema, pageLimitSchema } from './page.ts';
import { momentSchema } from './time.ts';

export const listAuditInputSchema = z.strictObject({
  limit: pageLimitSchema.optional().meta({ description: 'How many to answer at most; 100 without it.' }),
  cursor: cursorSchema.optional(),
});

/** One act, as the audit log tells it: who did what to what. Never what was said in it. */
export const auditEntrySchema = z
  .object({
    id: idSchema('audit'),
    at: momentSchema,
    actor: z
      .object({
        kind: z.enum(['key', 'admin']).meta({
          description: '`key`: whoever has this API key. `admin`: an operator, by the admin command.',
        }),
        keyId: idSchema('key').optional(),
      })
      .meta({ description: 'Who acted.' }),
    action: z.string().meta({
      description:
        "The operation's name, or the admin command's verb. `secret_key_in_browser` is no act: a page of another " +
        'site sent this secret key, and was refused.',
      examples: ['key.revoke'],
    }),
    targetId: z.string().optional().meta({ description: 'What was made, changed or deleted.' }),
    requestId: z.string().optional().meta({ description: 'Names the request in the log.' }),
    address: z.string().optional().meta({
      description: "The client's address, as rate limits count it: an IPv4 address or an IPv6 network.",
    }),
    details: z.record(z.string(), z.unknown()).optional().meta({
      description:
        'What a key was given: its kind, scopes, agents, origins, budget and end. Never its text or name.',
    }),
    outcome: z.enum(['done', 'refused', 'unknown']).meta({
      description:
        '`refused`: a secret key asked to deal with keys or signing secrets beyond what it may; noted once an hour ' +
        'for each key and operation. Other refusals are not listed. `unknown`: it is under way, or was cut off, and ' +
        'may have been done.',
    }),
  })
  .meta({ id: 'AuditEntry', description: 'One administrative act.' });

export const auditListSchema = z
  .object({ entries: z.array(auditEntrySchema), nextCursor: nextCursorSchema.optional() })
  .meta({ id: 'AuditList', description: 'Administrative acts, newest first.' });

export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type AuditList = z.infer<typeof auditListSchema>;
