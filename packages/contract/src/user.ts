import { z } from 'zod';
import { userIdSchema } from './chat.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { momentSchema } from './time.ts';

export const createGuestInputSchema = z.strictObject({});

/** A guest who was just made. */
export const newGuestSchema = z
  .object({
    userId: idSchema('guest').meta({ description: 'What the chats of this guest show as their `userId`.' }),
    token: z.string().meta({
      description:
        "What proves this guest, as `x-user-token`. It is shown this once; keep it in the guest's browser.",
    }),
  })
  .meta({ id: 'NewGuest', description: 'A guest who was just made, with their token.' });

export const claimGuestInputSchema = z.strictObject({
  guestToken: z
    .string()
    .min(1)
    .max(limits.userTokenLengthMax)
    .meta({ description: 'The token of the guest whose chats the verified user takes over.' }),
});

export const claimedGuestSchema = z
  .object({
    userId: z.string().meta({ description: 'Who has the chats now.' }),
    guestId: idSchema('guest').meta({ description: 'Who had them.' }),
  })
  .meta({ id: 'ClaimedGuest', description: "A guest's chats, taken over by a verified user." });

export const createSigningSecretInputSchema = z.strictObject({
  overlapSeconds: z
    .int({ error: 'must be a whole number of seconds' })
    .min(0, 'must not be negative')
    .max(limits.keyOverlapSecondsMax, `must be at most ${limits.keyOverlapSecondsMax} (30 days)`)
    .optional()
    .meta({ description: 'How long the secrets before it go on to work; a day, unless said otherwise.' }),
});

export const listSigningSecretsInputSchema = z.strictObject({});

/** Names one signing secret. */
export const oneSigningSecretInputSchema = z.strictObject({ secretId: idInputSchema('secret') });

const secretFields = {
  id: idSchema('secret').meta({ description: "The secret's id: a token may name it as its `kid`." }),
  visibleStart: z.string().meta({ description: 'How the secret begins, to know it by.' }),
  issuedBy: idSchema('key')
    .optional()
    .meta({ description: 'The key that issued it; absent when an operator did.' }),
  createdAt: momentSchema,
  expiresAt: momentSchema.optional(),
};

/** A signing secret as it is shown. */
export const signingSecretSchema = z
  .object(secretFields)
  .meta({ id: 'SigningSecret', description: 'What your servers sign user tokens with, without its text.' });

export const newSigningSecretSchema = z
  .object({
    ...secretFields,
    secret: z.string().meta({ description: 'The secret itself. It is shown this once.' }),
    audience: idSchema('team').meta({ description: "What a token must name as its `aud`: the team's id." }),
  })
  .meta({ id: 'NewSigningSecret', description: 'A signing secret that was just made, with its text.' });

export const signingSecretListSchema = z
  .object({ signingSecrets: z.array(signingSecretSchema) })
  .meta({ id: 'SigningSecretList', description: 'The signing secrets that work, newest first.' });

/** Names one user. */
export const oneUserInputSchema = z.strictObject({ userId: userIdSchema });

/** What is said of a user's deletion: nothing that tells who it was. */
export const deletionSchema = z
  .object({
    id: idSchema('deletion').meta({ description: "The deletion's id: the audit log names it." }),
    status: z.enum(['running', 'done']).meta({
      description:
        '`running`: their chats are gone for everyone, and what is left of them is being removed. Ask again to see.',
    }),
    createdAt: momentSchema,
    finishedAt: momentSchema.optional(),
  })
  .meta({ id: 'Deletion', description: 'How the deletion of a user stands.' });

export const userBlockSchema = z
  .object({ userId: z.string(), blockedAt: momentSchema })
  .meta({ id: 'UserBlock', description: 'A user who is shut out, and since when.' });

export const userSignOutSchema = z
  .object({
    userId: z.string(),
    signedOutAt: momentSchema.meta({
      description: 'Tokens issued at this time or before it are refused from now on.',
    }),
  })
  .meta({ id: 'UserSignOut', description: 'A user who was signed out everywhere.' });

export type UserBlock = z.infer<typeof userBlockSchema>;
export type UserSignOut = z.infer<typeof userSignOutSchema>;
export type Deletion = z.infer<typeof deletionSchema>;
export type NewGuest = z.infer<typeof newGuestSchema>;
export type ClaimedGuest = z.infer<typeof claimedGuestSchema>;
export type SigningSecret = z.infer<typeof signingSecretSchema>;
export type NewSigningSecret = z.infer<typeof newSigningSecretSchema>;
