import { z } from 'zod';
import { flagSchema } from './flag.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { tokensPerDaySchema } from './team.ts';
import { textSchema } from './text.ts';
import { momentSchema } from './time.ts';

const kindSchema = z.enum(['publishable', 'secret']).meta({
  description: '`publishable` (`pk_live_…`) is for browsers, `secret` (`sk_live_…`) for servers.',
});

/** Whose chats a publishable key reaches. */
export const keyAccesses = ['open', 'guest', 'verified'] as const;
export type KeyAccess = (typeof keyAccesses)[number];

/** What an open key means, for whoever looks at one. */
export const openKeyWarning =
  'Whoever has this key can read, write and delete all chats of the team: for pages with visitors, make a `guest` or `verified` key.';

/** What each choice of `access` means, for whoever has to choose. */
export const keyAccessMeanings = {
  guest: 'visitors of your page, each with their own chats; users with a token of yours as well',
  verified: 'only users with a token that your servers sign, each with their own chats',
  open: 'all chats of the team, for whoever has the key',
} as const satisfies Record<KeyAccess, string>;

const accessSchema = z.enum(keyAccesses).meta({
  description:
    `Whose chats a publishable key reaches; it must be chosen. \`guest\`: ${keyAccessMeanings.guest}. ` +
    `\`verified\`: ${keyAccessMeanings.verified}. \`open\`: ${keyAccessMeanings.open}.`,
});

const keyNameSchema = textSchema({ min: 1, max: limits.nameLengthMax }).meta({
  description: 'What people call it.',
  examples: ['Website'],
});

/** RFC 6454, section 6.2: scheme, host and port, as a browser sends it. */
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
      "The web origins that browsers may use this key from, beside this server's own. A publishable key without " +
      'any works from every page, a secret one from none. An empty list takes them away.',
  });

/** What a secret key may be restricted to: groups of operations, each read or written. */
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
export type KeyScope = (typeof keyScopes)[number];

const scopesSchema = z
  .array(z.enum(keyScopes))
  .min(1, 'must name at least one scope')
  .max(keyScopes.length)
  .meta({
    description:
      'All that a secret key may do; without, everything. A key that issues keys issues none that may do more.',
  });

const agentIdsSchema = z
  .array(idInputSchema('agent'))
  .min(1, 'must name at least one agent')
  .max(limits.keyAgentsMax, `must name at most ${limits.keyAgentsMax} agents`)
  .meta({ description: 'The agents that the key reaches, with their chats; without, all of the team.' });

const expiresAtSchema = momentSchema
  .refine((text) => Date.parse(text) > Date.now(), 'must lie in the future')
  .meta({ description: 'From then on the key is refused, with every key that it issued.' });

const keyBudgetSchema = tokensPerDaySchema.meta({
  description:
    'How many tokens may be used with the key in a day (UTC), and with those that take its place. Null takes the budget away.',
  examples: [1_000_000],
});

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

export const listKeysInputSchema = z.strictObject({});

/** Names one key. */
export const oneKeyInputSchema = z.strictObject({ keyId: idInputSchema('key') });

export const revokeKeyInputSchema = oneKeyInputSchema.extend({
  revokeIssued: flagSchema.optional().meta({
    description:
      'Also revoke every key and signing secret that this key, and those issued by it, have issued. Always done when ' +
      'the key has limits.',
  }),
});

/** A field that is left out stays as it is. */
export const updateKeyInputSchema = oneKeyInputSchema.extend({
  name: keyNameSchema.optional(),
  access: accessSchema.optional(),
  origins: originsSchema.optional(),
  tokensPerDay: keyBudgetSchema.nullish(),
  expiresAt: expiresAtSchema.optional(),
});

export const rollKeyInputSchema = oneKeyInputSchema.extend({
  overlapSeconds: z
    .int({ error: 'must be a whole number of seconds' })
    .min(0, 'must not be negative')
    .max(limits.keyOverlapSecondsMax, `must be at most ${limits.keyOverlapSecondsMax} (30 days)`)
    .optional()
    .meta({ description: 'How long the old key lives on; a day, unless said otherwise.' }),
});

const keyFields = {
  id: idSchema('key'),
  familyId: idSchema('key').meta({
    description:
      'The first of the keys that replaced each other by rolling: its own id unless it was rolled.',
  }),
  issuedBy: idSchema('key').optional().meta({ description: 'The key that issued it; absent for a root.' }),
  kind: kindSchema,
  name: z.string().optional(),
  visibleStart: z.string().meta({ description: 'How the key begins, to know it by.' }),
  access: accessSchema.optional(),
  warning: z.string().optional().meta({ description: 'What whoever runs this key should know.' }),
  origins: z.array(z.string()).optional(),
  scopes: z.array(z.enum(keyScopes)).optional(),
  agentIds: z.array(idSchema('agent')).optional(),
  tokensPerDay: keyBudgetSchema.optional(),
  createdAt: momentSchema,
  lastUsedAt: momentSchema.optional().meta({ description: 'To about a minute; absent: never.' }),
  expiresAt: momentSchema.optional(),
  revokedAt: momentSchema.optional(),
};

/** A key as it is shown: never its text, of which only a hash is stored. */
export const keySchema = z
  .object(keyFields)
  .meta({ id: 'Key', description: 'An API key, without its text.' });

/** A key that was just made. */
export const newKeySchema = z
  .object({
    ...keyFields,
    key: z.string().meta({ description: 'The key itself. It is shown this once.' }),
  })
  .meta({ id: 'NewKey', description: 'An API key that was just made, with its text.' });

export const keyListSchema = z
  .object({ keys: z.array(keySchema) })
  .meta({ id: 'KeyList', description: "The team's keys, newest first." });

export type Key = z.infer<typeof keySchema>;
export type NewKey = z.infer<typeof newKeySchema>;
export type KeyList = z.infer<typeof keyListSchema>;

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*');
}
