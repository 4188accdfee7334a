import { z } from 'zod';
import { flagSchema } from './flag.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { tokensPerDaySchema } from './team.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';

const kindSchema = z.enum(['publishable', 'secret']).meta({
  description: '`publishable` (`pk_live_…`) is for browsers, `secret` (`sk_live_…`) for servers.',
});

/** The values of a publishable key's `access`: they decide which chats the key reaches. */
export const keyAccesses = ['open', 'guest', 'verified'] as const;
/** The access of a publishable key. */
export type KeyAccess = (typeof keyAccesses)[number];

/** The warning that the API and the command line show with an open key. */
export const openKeyWarning =
  'Anyone who has this key can read, write and delete all chats of the team. For pages with visitors, create a `guest` or `verified` key.';

/** An explanation of each `access` value, for the documentation and the command line. */
export const keyAccessMeanings = {
  guest: 'visitors of your page, each with their own chats; also users with a token that your servers sign',
  verified: 'only users with a token that your servers sign, each with their own chats',
  open: 'all chats of the team, for anyone who has the key',
} as const satisfies Record<KeyAccess, string>;

const accessSchema = z.enum(keyAccesses).meta({
  description:
    `The chats that a publishable key reaches. Required for publishable keys. \`guest\`: ${keyAccessMeanings.guest}. ` +
    `\`verified\`: ${keyAccessMeanings.verified}. \`open\`: ${keyAccessMeanings.open}.`,
});

const keyNameSchema = textSchema({ min: 1, max: limits.nameLengthMax }).meta({
  description: 'The display name.',
  examples: ['Website'],
});

/** An origin as browsers send it: scheme, host and port (RFC 6454, section 6.2). */
const originSchema = z
  .string()
  .max(300)
  .refine(isOrigin, 'must be an origin as browsers send it, such as https://example.com')
  .meta({ examples: ['https://example.com'] });

const originsSchema = z
  .array(originSchema)
  .max(limits.keyOriginsMax, `must name at most ${limits.keyOriginsMax} origins`)
  .meta({
    description:
      "Web origins that browsers may use this key from, in addition to this server's own. Without origins, a publishable " +
      'key works from every page and a secret key from none. An empty list removes all origins.',
  });

/**
 * The scopes that a secret key can be restricted to. Each scope covers reading or writing one group of
 * operations.
 */
export const keyScopes = [
  'chats:read',
  'chats:write',
  'agents:read',
  'agents:write',
  'keys:read',
  'keys:write',
  'users:read',
  'users:write',
  'usage:read',
  'data:read',
  'data:write',
] as const;
/** A scope of a secret key. */
export type KeyScope = (typeof keyScopes)[number];

const scopesSchema = z
  .array(z.enum(keyScopes))
  .min(1, 'must name at least one scope')
  .max(keyScopes.length)
  .meta({
    description:
      'The operations that a secret key may use. Default: all. A key can only issue keys with scopes that it has itself.',
  });

const agentIdsSchema = z
  .array(idInputSchema('agent'))
  .min(1, 'must name at least one agent')
  .max(limits.keyAgentsMax, `must name at most ${limits.keyAgentsMax} agents`)
  .meta({
    description: 'The agents that the key reaches, with their chats. Default: all agents of the team.',
  });

const expiresAtSchema = timestampSchema
  .refine((text) => Date.parse(text) > Date.now(), 'must be in the future')
  .meta({ description: 'The time at which the key expires, together with every key that it issued.' });

const keyBudgetSchema = tokensPerDaySchema.meta({
  description:
    'The tokens that this key and its rolled successors may use together in a day (UTC). Null removes the budget.',
  examples: [1_000_000],
});

/** Input of `key.create`. */
export const createKeyInputSchema = z.strictObject({
  kind: kindSchema,
  name: keyNameSchema.optional(),
  access: accessSchema.optional(),
  origins: originsSchema.optional(),
  scopes: scopesSchema.optional(),
  agentIds: agentIdsSchema.optional(),
  tokensPerDay: keyBudgetSchema.optional(),
  expiresAt: expiresAtSchema.optional(),
});

/** Input of `key.list`: it takes no fields. */
export const listKeysInputSchema = z.strictObject({});

/** Input of the operations that take nothing but a key's id. */
export const oneKeyInputSchema = z.strictObject({ keyId: idInputSchema('key') });

/** Input of `key.revoke`. */
export const revokeKeyInputSchema = oneKeyInputSchema.extend({
  revokeIssued: flagSchema.optional().meta({
    description:
      'Also revokes every key and signing secret that this key, or a key issued by it, has issued. Always done when ' +
      'the key has limits.',
  }),
});

/** Input of `key.update`. A field that is left out keeps its value. */
export const updateKeyInputSchema = oneKeyInputSchema.extend({
  name: keyNameSchema.optional(),
  access: accessSchema.optional(),
  origins: originsSchema.optional(),
  tokensPerDay: keyBudgetSchema.nullish(),
  expiresAt: expiresAtSchema.optional(),
});

/** Input of `key.roll`. */
export const rollKeyInputSchema = oneKeyInputSchema.extend({
  overlapSeconds: z
    .int({ error: 'must be a whole number of seconds' })
    .min(0, 'must not be negative')
    .max(limits.keyOverlapSecondsMax, `must be at most ${limits.keyOverlapSecondsMax} (30 days)`)
    .optional()
    .meta({ description: 'How long the old key keeps working. Default: one day.' }),
});

const keyFields = {
  id: idSchema('key'),
  familyId: idSchema('key').meta({
    description: 'The id of the first key of the family. Rolling a key adds a key to its family.',
  }),
  issuedBy: idSchema('key')
    .optional()
    .meta({ description: 'The key that issued this key. Absent for a root key.' }),
  kind: kindSchema,
  name: z.string().optional(),
  visibleStart: z.string().meta({ description: 'The first characters of the key, to recognize it by.' }),
  access: accessSchema.optional(),
  warning: z.string().optional().meta({ description: 'A risk that the owner of the key should know.' }),
  origins: z.array(z.string()).optional(),
  scopes: z.array(z.enum(keyScopes)).optional(),
  agentIds: z.array(idSchema('agent')).optional(),
  tokensPerDay: keyBudgetSchema.optional(),
  createdAt: timestampSchema,
  lastUsedAt: timestampSchema
    .optional()
    .meta({ description: 'Accurate to about a minute. Absent if the key was never used.' }),
  expiresAt: timestampSchema.optional(),
  revokedAt: timestampSchema.optional(),
};

/** A key without its text. Parley stores only a hash of the text. */
export const keySchema = z
  .object(keyFields)
  .meta({ id: 'Key', description: 'An API key, without its text.' });

/** A new key with its text, which no later request returns. */
export const newKeySchema = z
  .object({
    ...keyFields,
    key: z.string().meta({ description: 'The text of the key. Only this response contains it.' }),
  })
  .meta({ id: 'NewKey', description: 'A new API key with its text.' });

/** Output of `key.list`, newest first. */
export const keyListSchema = z
  .object({ keys: z.array(keySchema) })
  .meta({ id: 'KeyList', description: "The team's keys, newest first." });

/** A key without its text. */
export type Key = z.infer<typeof keySchema>;
/** A new key with its text. */
export type NewKey = z.infer<typeof newKeySchema>;
/** The keys of a team, newest first. */
export type KeyList = z.infer<typeof keyListSchema>;

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*');
}
