import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** A secret that a team's servers sign user tokens with, as it is stored. */
export interface SigningSecretDocument {
  _id: Id<'secret'>;
  team: Id<'team'>;
  /** Sealed, or plain: see `encryption/`. A signature is checked with the secret itself, so a hash would not do. */
  secret: string;
  /** The key that issued it, and the families of that key and of those above it. Absent: no key did. */
  issuedBy?: Id<'key'>;
  issuers?: Id<'key'>[];
  /** One of `limits.signingSecretsMax` places, unique in the team. Secrets of release 0.1.0 have none. */
  slot?: number;
  createdAt: Date;
  expiresAt?: Date;
}

/** The `signingSecrets` collection. MongoDB removes a secret within a minute after its `expiresAt`. */
export const signingSecretSchema = new Schema<SigningSecretDocument>(
  {
    ...{ _id: string, team: string, secret: string, slot: Number },
    ...{ issuedBy: String, issuers: { type: [String], default: undefined } },
    ...{ createdAt: date, expiresAt: Date },
  } satisfies FieldsOf<SigningSecretDocument>,
  { ...options, collection: 'signingSecrets' },
);
signingSecretSchema.index({ team: 1, _id: -1 });
signingSecretSchema.index(
  { team: 1, slot: 1 },
  { unique: true, partialFilterExpression: { slot: { $exists: true } } },
);
signingSecretSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
