import type { Id, KeyAccess, KeyScope } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';
import type { ApiKeyKind } from './api-key.ts';

/** An API key as it is stored. Its text is not. */
export interface ApiKeyDocument {
  _id: Id<'key'>;
  /** Absent: its own id. */
  lineage?: Id<'key'>;
  /** The key that issued it. Absent on roots, such as every key of release 0.1.0. */
  issuedBy?: Id<'key'>;
  /** The families of all keys above it, the oldest first; with `issuedBy`. */
  issuers?: Id<'key'>[];
  team: Id<'team'>;
  kind: ApiKeyKind;
  /** SHA-256 of the key. */
  hash: string;
  visibleStart: string;
  name?: string;
  /** Only on a publishable key. Absent: open. */
  access?: KeyAccess;
  origins?: string[];
  /** Only on a secret key. Absent: all. */
  scopes?: KeyScope[];
  /** Absent: all agents of the team. */
  agents?: Id<'agent'>[];
  tokensPerDay?: number;
  createdAt: Date;
  lastUsedAt?: Date;
  expiresAt?: Date;
  /** The time of the roll. `expiresAt` is then the end of the overlap. */
  replacedAt?: Date;
  /** The end of a rolled key before the roll, which its successors have. */
  familyExpiresAt?: Date;
  revokedAt?: Date;
  /** Keys that its family issued until then are revoked. */
  issuedRevokedAt?: Date;
}

/** The `keys` collection. */
export const apiKeySchema = new Schema<ApiKeyDocument>(
  {
    _id: string,
    lineage: String,
    issuedBy: String,
    issuers: { type: [String], default: undefined },
    team: string,
    kind: string,
    hash: string,
    visibleStart: string,
    name: String,
    access: String,
    origins: { type: [String], default: undefined },
    scopes: { type: [String], default: undefined },
    agents: { type: [String], default: undefined },
    tokensPerDay: Number,
    createdAt: date,
    lastUsedAt: Date,
    expiresAt: Date,
    replacedAt: Date,
    familyExpiresAt: Date,
    revokedAt: Date,
    issuedRevokedAt: Date,
  } satisfies FieldsOf<ApiKeyDocument>,
  { ...options, collection: 'keys' },
);
apiKeySchema.index({ hash: 1 }, { unique: true });
apiKeySchema.index({ team: 1, _id: -1 });
apiKeySchema.index(
  { team: 1, agents: 1, _id: -1 },
  { partialFilterExpression: { agents: { $exists: true } } },
);
apiKeySchema.index({ lineage: 1 }, { partialFilterExpression: { lineage: { $exists: true } } });
apiKeySchema.index({ issuers: 1 }, { partialFilterExpression: { issuers: { $exists: true } } });
