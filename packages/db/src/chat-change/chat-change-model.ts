import { createHash } from 'node:crypto';
import { type Id, limits } from '@parley/contract';
import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';

/** That something changed in the list of some callers, as it is stored. It holds no content and no user's id. */
export interface ChatChangeDocument {
  /** The chat; or the hash of a user to whose list many chats moved. */
  _id: string;
  team: Id<'team'>;
  /** A hash of the team and the user of the chat, as `userStatuses` has it. */
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

/** The stored form of a user: the hash stays when the user is deleted, for the rest of the hour. */
export function hashOfUser(team: Id<'team'>, user: string): string {
  return createHash('sha256').update(`${team} ${user}`).digest('base64url');
}
