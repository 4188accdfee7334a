import { randomBytes } from 'node:crypto';
import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** A key that all servers of this database share. It belongs to no team, so no deletion of a team removes it. */
export interface ServerKeyDocument {
  _id: string;
  /** Sealed, or plain while encryption is off. */
  key: string;
  /** Stays when the key is replaced: cookies of release 0.1.0 are exchanged for some days from then. */
  createdAt: Date;
}

/** The one `serverKeys` document: the key that signs the cookies of the chat page's visitors. */
export const COOKIE_KEY = 'web-visitor-cookies';
const KEY_BYTES = 32;

/** A new text of a server key. */
export function mintServerKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/** A visitor of the chat page whose cookie, of release 0.1.0, was exchanged for a secret one. Kept with their chats. */
export interface VisitorExchangeDocument {
  /** The team and the user: a cookie is exchanged once. */
  _id: string;
  team: Id<'team'>;
  user: string;
  /** SHA-256 of the new cookie's secret. */
  secretHash: string;
  exchangedAt: Date;
}

/** The `serverKeys` collection. */
export const serverKeySchema = new Schema<ServerKeyDocument>(
  { _id: string, key: string, createdAt: date } satisfies FieldsOf<ServerKeyDocument>,
  { ...options, collection: 'serverKeys' },
);

/** The `visitorExchanges` collection. */
export const visitorExchangeSchema = new Schema<VisitorExchangeDocument>(
  {
    _id: string,
    team: string,
    user: string,
    secretHash: string,
    exchangedAt: date,
  } satisfies FieldsOf<VisitorExchangeDocument>,
  { ...options, collection: 'visitorExchanges' },
);
visitorExchangeSchema.index({ secretHash: 1 }, { unique: true });
visitorExchangeSchema.index({ team: 1, user: 1 });
