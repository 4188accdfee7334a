import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import type { Idempotency } from '../idempotency.ts';
import { idempotencySchema, options, string, withIdempotency } from '../schema-fields.ts';

export interface ChatDocument {
  _id: Id<'chat'>;
  /** Absent on a tombstone, so that no list and no look-up meets one. */
  team?: Id<'team'>;
  agent?: Id<'agent'>;
  agentType?: string;
  user?: string;
  /**
   * Metadata as JSON text. As a document it would not come back as sent: `{"$ref": …}` becomes a DBRef,
   * `{"_bsontype": …}` a BSON type, keys with dots and dollars cannot be updated.
   */
  metadata?: string;
  title?: string;
  /** What the title is found by. */
  titleBeginnings?: string[];
  createdAt?: Date;
  /** Stays on a tombstone: a late repeat must not make the chat again. */
  idempotency?: Idempotency;
  /** Deleted, its turns not yet removed. */
  deletedAt?: Date;
  /** Deleted, its turns removed. */
  purgedAt?: Date;
  /** Deleted with a user or a team: not even the tombstone stays. */
  deletion?: Id<'deletion'>;
}

/** A tombstone stays this long, so that late repeats of old requests find it. */
export const TOMBSTONE_SECONDS = 24 * 60 * 60;

const hasTitle = { titleBeginnings: { $exists: true } };

/** The `chats` collection. MongoDB removes a tombstone a day after its chat was purged. */
export const chatSchema = new Schema<ChatDocument>(
  {
    _id: string,
    team: String,
    agent: String,
    agentType: String,
    user: String,
    metadata: String,
    title: String,
    // No empty list in chats without a title: there are none to find.
    titleBeginnings: { type: [String], default: undefined },
    createdAt: Date,
    idempotency: idempotencySchema,
    deletedAt: Date,
    purgedAt: Date,
    deletion: String,
  },
  { ...options, collection: 'chats' },
);
chatSchema.index({ team: 1, _id: -1 });
chatSchema.index({ team: 1, user: 1, _id: -1 });
chatSchema.index({ team: 1, agentType: 1, _id: -1 });
chatSchema.index({ team: 1, agent: 1, _id: -1 });
chatSchema.index({ team: 1, titleBeginnings: 1, _id: -1 }, { partialFilterExpression: hasTitle });
chatSchema.index({ team: 1, user: 1, titleBeginnings: 1, _id: -1 }, { partialFilterExpression: hasTitle });
chatSchema.index({ 'idempotency.key': 1 }, { unique: true, ...withIdempotency });
chatSchema.index({ deletedAt: 1 }, { sparse: true });
chatSchema.index({ deletion: 1 }, { sparse: true });
chatSchema.index({ purgedAt: 1 }, { expireAfterSeconds: TOMBSTONE_SECONDS });
