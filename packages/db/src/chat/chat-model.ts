import { compact, compactAs, type Id, type Metadata, mintId, type TransferChat } from '@parley/contract';
import { Schema } from 'mongoose';
import type { Idempotency } from '../idempotency.ts';
import {
  type FieldsOf,
  idempotencySchema,
  number,
  options,
  part,
  string,
  withIdempotency,
} from '../schema-fields.ts';
import type { ChatChange, ChatRecord, ChatUse, NewChat, PathChoice } from './chat-records.ts';
import { beginningsOf } from './title-words.ts';

/** A chat as it is stored; or its tombstone, which names no team, so that no query for callers finds it. */
export interface ChatDocument {
  _id: Id<'chat'>;
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
  /** The words of the title, as searches ask for them: see `beginningsOf`. */
  titleBeginnings?: string[];
  /** An answer of the chat got feedback, which may have been taken back. Without it nobody looks for feedback. */
  hasFeedback?: true;
  /** Some of its turns may not be shown. Set before the first of them is stored; without it every turn is shown. */
  hasVersions?: true;
  /** The path that a caller chose, while `tailSequence` is the highest sequence. */
  choice?: PathChoice;
  /** Counts the changes that are no new turns. Followers compare it. */
  revision?: number;
  createdAt?: Date;
  /**
   * When it was last used or changed. Written in the background after a use, so it may lag. Absent where release 0.1.0
   * created the chat, until it is used or migrated.
   */
  updatedAt?: Date;
  /** The sequence of the newest turn that was accepted, as far as the background knows. */
  acceptedTurns?: number;
  /** The sequence of the newest turn that has ended, as far as the background knows. */
  endedTurns?: number;
  /** Stays on a tombstone: a late repetition of the request must not create the chat again. */
  idempotency?: Idempotency;
  /** The chat is deleted, and its turns are not removed yet. */
  deletedAt?: Date;
  /** The chat is deleted, and its turns are removed. */
  purgedAt?: Date;
  /** The deletion of a user or a team that deleted the chat. It removes the tombstone as well. */
  deletion?: Id<'deletion'>;
}

/** How long a tombstone stays, so that late repetitions of old requests find it. */
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
    // Mongoose would store an empty list in chats without a title.
    titleBeginnings: { type: [String], default: undefined },
    hasFeedback: Boolean,
    hasVersions: Boolean,
    choice: new Schema({ turn: number, tailSequence: number }, part),
    revision: Number,
    createdAt: Date,
    updatedAt: Date,
    acceptedTurns: Number,
    endedTurns: Number,
    idempotency: idempotencySchema,
    deletedAt: Date,
    purgedAt: Date,
    deletion: String,
  } satisfies FieldsOf<ChatDocument>,
  { ...options, collection: 'chats' },
);
chatSchema.index({ team: 1, _id: -1 });
chatSchema.index({ team: 1, user: 1, _id: -1 });
chatSchema.index({ team: 1, agentType: 1, _id: -1 });
chatSchema.index({ team: 1, agent: 1, _id: -1 });
chatSchema.index({ team: 1, updatedAt: -1, _id: -1 });
chatSchema.index({ team: 1, user: 1, updatedAt: -1, _id: -1 });
chatSchema.index({ team: 1, agentType: 1, updatedAt: -1, _id: -1 });
chatSchema.index({ team: 1, agent: 1, updatedAt: -1, _id: -1 });
chatSchema.index({ team: 1, titleBeginnings: 1, _id: -1 }, { partialFilterExpression: hasTitle });
chatSchema.index({ team: 1, user: 1, titleBeginnings: 1, _id: -1 }, { partialFilterExpression: hasTitle });
chatSchema.index({ 'idempotency.key': 1 }, { unique: true, ...withIdempotency });
chatSchema.index({ deletedAt: 1 }, { sparse: true });
chatSchema.index({ deletion: 1 }, { sparse: true });
chatSchema.index({ purgedAt: 1 }, { expireAfterSeconds: TOMBSTONE_SECONDS });

/** The effect of a deletion on each field: content, and everything that names a team or user, goes at once. */
const onDeletion = {
  ...({ _id: 'stays', idempotency: 'stays' } as const),
  ...({ team: 'goes', agent: 'goes', agentType: 'goes', user: 'goes' } as const),
  ...({ metadata: 'goes', title: 'goes', titleBeginnings: 'goes', createdAt: 'goes' } as const),
  ...({ updatedAt: 'goes', acceptedTurns: 'goes', endedTurns: 'goes' } as const),
  ...({ hasFeedback: 'goes', hasVersions: 'goes', choice: 'goes', revision: 'goes' } as const),
  ...({ deletedAt: 'stays', purgedAt: 'stays', deletion: 'stays' } as const),
} satisfies Record<keyof ChatDocument, 'stays' | 'goes'>;

const goes = Object.entries(onDeletion).filter(([, fate]) => fate === 'goes');
const $unset: Readonly<Record<string, 1>> = Object.fromEntries(goes.map(([field]) => [field, 1]));

/** The update that makes a chat a tombstone. */
export function tombstoneUpdate() {
  return { $set: { deletedAt: new Date() }, $unset };
}

/** The update of a chat that was used. A late write of an earlier use changes nothing. */
export function useUpdate({ at, accepted, ended }: Pick<ChatUse, 'at' | 'accepted' | 'ended'>) {
  return { $max: compact({ updatedAt: at, acceptedTurns: accepted, endedTurns: ended }) };
}

/** The record of a chat that is created now. */
export function newChatRecord(team: Id<'team'>, { agent, user, metadata }: NewChat): ChatRecord {
  const createdAt = new Date();
  return compactAs<ChatRecord>({
    ...{ id: mintId('chat'), team, agent, user, metadata, title: undefined },
    ...{ createdAt, updatedAt: createdAt, isAnswering: undefined, hasFeedback: undefined },
    ...{ hasVersions: undefined, choice: undefined, revision: undefined },
  });
}

/** The stored form of a new chat; with the hashes of the request that creates it, if that is idempotent. */
export function toChatDocument(
  { id: _id, team, agent, user, metadata, title, hasFeedback, hasVersions, ...times }: ChatRecord,
  agentType: string,
  idempotency?: Idempotency,
): ChatDocument {
  const { createdAt, updatedAt } = times;
  return compactAs<ChatDocument>({
    ...{ _id, team, agent, agentType, user, ...toContent({ metadata, title }), createdAt, updatedAt },
    ...{ hasFeedback, hasVersions },
    // Later changes set these.
    ...{ choice: undefined, revision: undefined },
    // The first turn sets these.
    ...{ acceptedTurns: undefined, endedTurns: undefined },
    idempotency,
    ...{ deletedAt: undefined, purgedAt: undefined, deletion: undefined },
  });
}

/** The stored form of the fields that callers change. A field that is `undefined` keeps its value. */
export function toContent({ metadata, title }: ChatChange) {
  return {
    metadata: metadata && JSON.stringify(metadata),
    title,
    titleBeginnings: title === undefined ? undefined : beginningsOf(title),
  };
}

/** Leaves out what no record has. The words of a title are up to a hundred texts, which each read would decode. */
export const recordFields = { titleBeginnings: 0, idempotency: 0, agentType: 0 } as const;

/** @throws Error for a tombstone */
export function toChatRecord(document: ChatDocument): ChatRecord {
  const { _id: id, team, agent, user, metadata, title, hasFeedback, createdAt, updatedAt } = document;
  const { acceptedTurns = 0, endedTurns = 0, hasVersions, choice, revision } = document;
  if (!team || !agent || !createdAt) throw new Error(`chat ${id} is a tombstone`);
  const isAnswering = acceptedTurns > endedTurns ? (true as const) : undefined;
  return compactAs<ChatRecord>({
    id,
    team,
    agent,
    user,
    metadata: parse(metadata),
    title,
    ...{ hasFeedback, hasVersions, revision },
    choice: choice && { turn: choice.turn, tailSequence: choice.tailSequence },
    createdAt,
    updatedAt,
    isAnswering,
  });
}

/** The line of a chat in an export. */
export function toChatLine(document: ChatDocument): TransferChat {
  const { id, agent: agentId, user: userId, metadata, title, createdAt, updatedAt } = toChatRecord(document);
  const { agentType = '' } = document;
  return compactAs<TransferChat>({
    ...{ type: 'chat', id, agentId, agentType, userId, metadata, title },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt?.toISOString(),
  });
}

/** The marks of a chat that follow from the lines of its turns and their feedback. */
export interface ImportedMarks {
  readonly hasFeedback: boolean;
  readonly hasVersions: boolean;
}

/** The chat of a line in an export, for the team that imports it. */
export function fromChatLine(team: Id<'team'>, line: TransferChat, marks: ImportedMarks): ChatDocument {
  const { id, agentId: agent, agentType, userId: user, metadata, title, createdAt, updatedAt } = line;
  const record = {
    ...{ id, team, agent, user, metadata, title, createdAt: new Date(createdAt) },
    updatedAt: updatedAt === undefined ? undefined : new Date(updatedAt),
    hasFeedback: marks.hasFeedback ? (true as const) : undefined,
    hasVersions: marks.hasVersions ? (true as const) : undefined,
    // The export does not contain the choice of a path.
    ...{ choice: undefined, revision: undefined },
    // An export holds ended turns only.
    isAnswering: undefined,
  };
  return toChatDocument(compactAs<ChatRecord>(record), agentType);
}

function parse(metadata: string | undefined): Metadata | undefined {
  return metadata === undefined ? undefined : (JSON.parse(metadata) as Metadata);
}
