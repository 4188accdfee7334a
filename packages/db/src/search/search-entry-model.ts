import type { Id } from '@parley/contract';
import { Schema } from 'mongoose';
import { type FieldsOf, options, string, untilConfirmed } from '../schema-fields.ts';

/** The words of an ended turn's message and answer, and who may find them. */
export interface SearchEntryDocument {
  /** The turn. Its id sorts by age. */
  _id: Id<'turn'>;
  team: Id<'team'>;
  agent: Id<'agent'>;
  /** The user of the chat. */
  user?: string;
  chat: Id<'chat'>;
  /** Different words in order: see `searchWordsOf`. */
  words: string[];
  /**
   * A new entry has it until its writer has seen that the chat still exists. If the process dies in between, MongoDB removes
   * the entry: nothing of a deleted chat stays.
   */
  pendingSince?: Date;
}

/** The `searchEntries` collection. MongoDB removes entries that were never confirmed. */
export const searchEntrySchema = new Schema<SearchEntryDocument>(
  {
    ...{ _id: string, team: string, agent: string, user: String, chat: string },
    ...{ words: [String], pendingSince: Date },
  } satisfies FieldsOf<SearchEntryDocument>,
  { ...options, collection: 'searchEntries' },
);
searchEntrySchema.index({ team: 1, words: 1, _id: -1 });
searchEntrySchema.index({ team: 1, user: 1, words: 1, _id: -1 });
searchEntrySchema.index({ chat: 1 });
searchEntrySchema.index({ pendingSince: 1 }, untilConfirmed);
