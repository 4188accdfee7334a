import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { timestampSchema } from './time.ts';

const nameSchema = textSchema({ min: 1, max: limits.tokenIssuerNameLengthMax });

const fields = {
  url: z
    .string()
    .max(limits.toolUrlLengthMax, `must have at most ${limits.toolUrlLengthMax} characters`)
    .refine(
      (text) => URL.canParse(text) && !text.includes('#'),
      'must be an https address without a fragment',
    )
    .meta({
      description:
        "The address of the issuer's public keys (a JSON Web Key Set): https, on the public internet.",
      examples: ['https://login.example.com/.well-known/jwks.json'],
    }),
  issuer: nameSchema.meta({
    description: 'The exact value that tokens must have as `iss`.',
    examples: ['https://login.example.com/'],
  }),
  audience: nameSchema.meta({
    description: 'The value that tokens must have as `aud`.',
    examples: ['https://chat.example.com'],
  }),
};

/** Input of `tokenIssuer.set`. */
export const setTokenIssuerInputSchema = z.strictObject(fields);
/** Input of `tokenIssuer.get`: it takes no fields. */
export const getTokenIssuerInputSchema = z.strictObject({});
/** Input of `tokenIssuer.delete`: it takes no fields. */
export const deleteTokenIssuerInputSchema = z.strictObject({});

/** Output of `tokenIssuer.get` and `tokenIssuer.set`. */
export const tokenIssuerSchema = z
  .object({
    ...fields,
    issuedBy: idSchema('key').optional().meta({
      description: 'The key that set it. When what that key issued is revoked, the issuer is removed.',
    }),
    updatedAt: timestampSchema,
  })
  .meta({
    id: 'TokenIssuer',
    description:
      'An identity provider that signs user tokens for your team, in addition to your signing secrets.',
  });

/** The token issuer of a team. */
export type ShownTokenIssuer = z.infer<typeof tokenIssuerSchema>;
