import { type Id, limits } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** That something changed in the list of some callers, as it is stored. It holds no content and no user's id. */
export interface ChatChangeDocument {
  /** The chat; or the hash of a user to whose list many chats moved. */
  _id: string;
  team: Id<'team'>;
  /** The user of the chat: see `hashOfUser`. It stays for the rest of the hour when the user is deleted. */
  user?: string;
  /** Absent if many chats changed. */
  agent?: Id<'agent'>;
  /** The database's own time of the newest change. */
  at: Date;
}

/** The `chatChanges` collection. MongoDB removes a change after an hour. */
export const chatChangeSchema = new Schema<ChatChangeDocument>(
  {
    _id: string,
    team: string,
    user: String,
    agent: String,
    at: date,
  } satisfies FieldsOf<ChatChangeDocument>,
  { ...options, collection: 'chatChanges' },
);
chatChangeSchema.index({ team: 1, at: 1 });
chatChangeSchema.index({ team: 1, user: 1, at: 1 });
chatChangeSchema.index({ at: 1 }, { expireAfterSeconds: limits.listChangesSeconds });
