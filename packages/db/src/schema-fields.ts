import { Schema } from 'mongoose';

/** The options of every schema: unknown fields are errors, and `indexes/` builds the indexes, not Mongoose. */
export const options = {
  versionKey: false,
  strict: 'throw',
  autoIndex: false,
  autoCreate: false,
  id: false,
} as const;

/**
 * Every field of a document. A schema is checked with it, so that a field without a stored form does not compile:
 * Mongoose itself takes optional fields for optional in schemas too.
 */
export type FieldsOf<Document> = { readonly [Field in keyof Required<Document>]: unknown };

/** The options of a schema inside another one. */
export const part = { ...options, _id: false } as const;
/**
 * A required text. For a text that may be empty use `{ type: String }`, because Mongoose treats an empty text as
 * missing.
 */
export const string = { type: String, required: true } as const;
/** A required number. */
export const number = { type: Number, required: true } as const;
/** A required timestamp. */
export const date = { type: Date, required: true } as const;
/** The stored form of `Idempotency`. */
export const idempotencySchema = new Schema({ key: string, body: string }, part);
/**
 * The options of the index on `pendingSince`, which a document of a chat has until its writer has seen that the chat still
 * exists. MongoDB removes documents that were never confirmed, after longer than that takes.
 */
export const untilConfirmed = { sparse: true, expireAfterSeconds: 120 } as const;
/** Limits an index to documents of requests that had an idempotency key. */
export const withIdempotency = { partialFilterExpression: { 'idempotency.key': { $exists: true } } };
