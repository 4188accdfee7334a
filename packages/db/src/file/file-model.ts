import type { Id } from '@parley/contract';
import { type mongo, Schema } from 'mongoose';
import type { Idempotency } from '../idempotency.ts';
import {
  date,
  type FieldsOf,
  idempotencySchema,
  number,
  options,
  string,
  withIdempotency,
} from '../schema-fields.ts';

/** A file as it is stored. Its content is in GridFS, under the same id: it is written later and removed earlier. */
export interface FileDocument {
  _id: Id<'file'>;
  team: Id<'team'>;
  /** The user who uploaded the file. Absent: a caller who acts for the team. */
  user?: string;
  /** The agents that its uploader was limited to. */
  agents?: Id<'agent'>[];
  /** Absent once it is removed. */
  filename?: string;
  /** Absent until the whole content is stored, as is the size. */
  mediaType?: string;
  bytes?: number;
  /** The chat in which it was sent, or was about to be sent. The user and the agents are then those of the chat. */
  chat?: Id<'chat'>;
  /** Present until a turn is known to name the file. It is looked for a day later. */
  unsentSince?: Date;
  /** The file may have been sent: it is removed unless a turn names it, or a message claims it again. */
  expiringSince?: Date;
  /** The file is gone for everyone. Its content is removed, and then this document. */
  removedAt?: Date;
  idempotency?: Idempotency;
  createdAt: Date;
}

/** The `files` collection. */
export const fileSchema = new Schema<FileDocument>(
  {
    ...{ _id: string, team: string, user: String, agents: { type: [String], default: undefined } },
    ...{ filename: String, mediaType: String, bytes: Number },
    ...{ chat: String, unsentSince: Date, expiringSince: Date, removedAt: Date },
    ...{ idempotency: idempotencySchema, createdAt: date },
  } satisfies FieldsOf<FileDocument>,
  { ...options, collection: 'files' },
);
fileSchema.index({ team: 1, user: 1, chat: 1 });
fileSchema.index({ chat: 1 }, { sparse: true });
fileSchema.index({ expiringSince: 1 }, { sparse: true });
fileSchema.index({ unsentSince: 1 }, { sparse: true });
fileSchema.index({ removedAt: 1 }, { sparse: true });
fileSchema.index({ 'idempotency.key': 1 }, { unique: true, ...withIdempotency });

/** The storage that the files of a team take: the sum of their sizes. */
export interface FileStorageDocument {
  _id: Id<'team'>;
  team: Id<'team'>;
  bytes: number;
}

/** The `fileStorage` collection. */
export const fileStorageSchema = new Schema<FileStorageDocument>(
  { _id: string, team: string, bytes: number } satisfies FieldsOf<FileStorageDocument>,
  { ...options, collection: 'fileStorage' },
);
fileStorageSchema.index({ team: 1 });

/** The name of the GridFS bucket. It has two collections. */
export const BUCKET = 'fileContents';

/** The content of a file as GridFS describes it. Names and owners are in `files` alone, where they can be removed. */
export interface ContentDocument {
  _id: Id<'file'>;
  length: number;
  chunkSize: number;
  uploadDate: Date;
  filename: string;
}

/** GridFS requires the index. */
export const contentSchema = new Schema<ContentDocument>(
  {
    ...{ _id: string, length: number, chunkSize: number, uploadDate: date, filename: { type: String } },
  } satisfies FieldsOf<ContentDocument>,
  { ...options, collection: `${BUCKET}.files` },
);
contentSchema.index({ filename: 1, uploadDate: 1 });

/** A piece of the content of a file as GridFS stores it. */
export interface ContentChunkDocument {
  _id: mongo.ObjectId;
  files_id: Id<'file'>;
  n: number;
  data: mongo.Binary;
}

/** The pieces of the contents of files. */
export const contentChunkSchema = new Schema<ContentChunkDocument>(
  {
    ...{ _id: Schema.Types.ObjectId, files_id: string, n: number, data: Schema.Types.Buffer },
  } satisfies FieldsOf<ContentChunkDocument>,
  { ...options, collection: `${BUCKET}.chunks` },
);
contentChunkSchema.index({ files_id: 1, n: 1 }, { unique: true });
