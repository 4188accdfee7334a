import { z } from 'zod';
import { idSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';
import { momentSchema } from './time.ts';

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
      description: "Where the issuer's public keys are (a JSON Web Key Set): https, on the public internet.",
      examples: ['https://login.example.com/.well-known/jwks.json'],
    }),
  issuer: nameSchema.meta({
    description: 'What a token must name as its `iss`, to the letter.',
    examples: ['https://login.example.com/'],
  }),
  audience: nameSchema.meta({
    description: 'What a token must name as its `aud`.',
    examples: ['https://chat.example.com'],
  }),
};

export const setTokenIssuerInputSchema = z.strictObject(fields);
export const getTokenIssuerInputSchema = z.strictObject({});
export const deleteTokenIssuerInputSchema = z.strictObject({});

export const tokenIssuerSchema = z
  .object({
    ...fields,
    issuedBy: idSchema('key').optional().meta({
      description: 'The key that set it. When what that key issued is revoked, the issuer is removed.',
    }),
    updatedAt: momentSchema,
  })
  .meta({
    id: 'TokenIssuer',
    description: 'Who signs user tokens for your team, beside your signing secrets.',
  });

export type ShownTokenIssuer = z.infer<typeof tokenIssuerSchema>;
