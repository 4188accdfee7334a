import { z } from 'zod';
import { userIdSchema } from './chat.ts';
import { idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { timestampSchema } from './time.ts';

/** Input of `guest.create`: it takes no fields. */
export const createGuestInputSchema = z.strictObject({});

/** A new guest with its token, which no later request returns. */
export const newGuestSchema = z
  .object({
    userId: idSchema('guest').meta({ description: "The `userId` of this guest's chats." }),
    token: z.string().meta({
      description:
        "The guest's token: send it as `x-user-token`. Only this response contains it; keep it in the guest's browser.",
    }),
  })
  .meta({ id: 'NewGuest', description: 'A new guest with its token.' });

/** Input of `guest.claim`. */
export const claimGuestInputSchema = z.strictObject({
  guestToken: z
    .string()
    .min(1)
    .max(limits.userTokenLengthMax)
    .meta({ description: 'The token of the guest whose chats the verified user takes over.' }),
});

/** Output of `guest.claim`. */
export const claimedGuestSchema = z
  .object({
    userId: z.string().meta({ description: 'The verified user who has the chats now.' }),
    guestId: idSchema('guest').meta({ description: 'The guest who had the chats before.' }),
  })
  .meta({ id: 'ClaimedGuest', description: "A guest's chats, taken over by a verified user." });

/** Input of `signingSecret.create`. */
export const createSigningSecretInputSchema = z.strictObject({
  overlapSeconds: z
    .int({ error: 'must be a whole number of seconds' })
    .min(0, 'must not be negative')
    .max(limits.keyOverlapSecondsMax, `must be at most ${limits.keyOverlapSecondsMax} (30 days)`)
    .optional()
    .meta({ description: 'How long the previous secrets keep working. Default: one day.' }),
});

/** Input of `signingSecret.list`: it takes no fields. */
export const listSigningSecretsInputSchema = z.strictObject({});

/** Input of the operations that take nothing but a signing secret's id. */
export const oneSigningSecretInputSchema = z.strictObject({ secretId: idInputSchema('secret') });

const secretFields = {
  id: idSchema('secret').meta({ description: "The secret's id. Tokens can name it as their `kid`." }),
  visibleStart: z.string().meta({ description: 'The first characters of the secret, to recognize it by.' }),
  issuedBy: idSchema('key')
    .optional()
    .meta({ description: 'The key that issued it. Absent if an operator did.' }),
  createdAt: timestampSchema,
  expiresAt: timestampSchema.optional(),
};

/** A signing secret without its text. */
export const signingSecretSchema = z.object(secretFields).meta({
  id: 'SigningSecret',
  description: 'A secret that your servers sign user tokens with, without its text.',
});

/** A new signing secret with its text, which no later request returns. */
export const newSigningSecretSchema = z
  .object({
    ...secretFields,
    secret: z.string().meta({ description: 'The text of the secret. Only this response contains it.' }),
    audience: idSchema('team').meta({
      description: "The value that tokens must have as `aud`: the team's id.",
    }),
  })
  .meta({ id: 'NewSigningSecret', description: 'A new signing secret with its text.' });

/** Output of `signingSecret.list`: the active secrets, newest first. */
export const signingSecretListSchema = z
  .object({ signingSecrets: z.array(signingSecretSchema) })
  .meta({ id: 'SigningSecretList', description: 'The active signing secrets, newest first.' });

/** Input of the operations that take nothing but a user's id. */
export const oneUserInputSchema = z.strictObject({ userId: userIdSchema });

/** The state of a user's deletion. It does not contain the user's id. */
export const deletionSchema = z
  .object({
    id: idSchema('deletion').meta({ description: "The deletion's id, which the audit log also contains." }),
    status: z.enum(['running', 'done']).meta({
      description:
        "`running`: the user's chats are no longer accessible, and their data is being removed. Repeat the request to see the progress.",
    }),
    createdAt: timestampSchema,
    finishedAt: timestampSchema.optional(),
  })
  .meta({ id: 'Deletion', description: "The state of a user's deletion." });

/** A block of a user. */
export const userBlockSchema = z
  .object({ userId: z.string(), blockedAt: timestampSchema })
  .meta({ id: 'UserBlock', description: 'A blocked user, and the time of the block.' });

/** A sign-out of a user on all devices. */
export const userSignOutSchema = z
  .object({
    userId: z.string(),
    signedOutAt: timestampSchema.meta({
      description: 'Tokens issued at or before this time are rejected.',
    }),
  })
  .meta({ id: 'UserSignOut', description: 'A user who was signed out on all devices.' });

/** A block of a user. */
export type UserBlock = z.infer<typeof userBlockSchema>;
/** A sign-out of a user on all devices. */
export type UserSignOut = z.infer<typeof userSignOutSchema>;
/** The state of a user's deletion. */
export type Deletion = z.infer<typeof deletionSchema>;
/** A new guest with its token. */
export type NewGuest = z.infer<typeof newGuestSchema>;
/** A guest's chats after a verified user has claimed them. */
export type ClaimedGuest = z.infer<typeof claimedGuestSchema>;
/** A signing secret without its text. */
export type SigningSecret = z.infer<typeof signingSecretSchema>;
/** A new signing secret with its text. */
export type NewSigningSecret = z.infer<typeof newSigningSecretSchema>;
