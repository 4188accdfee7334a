import type { Readable } from 'node:stream';
import type { Id } from '@parley/contract';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { Scope } from '../scope.ts';
import type { FileRecord, FileReplay, FinishedUpload } from './file-records.ts';

/**
 * The files of teams and users. A file is removed with the chat in which it was sent, or a day after its upload. A scope reaches
 * the files of its user, and those of callers who were limited to some of its agents.
 */
export interface FileStore {
  /** The file that an earlier request with the same idempotency key uploaded. */
  findByIdempotencyKey(scope: Scope, key: string): Promise<FileReplay | undefined>;
  /** Begins an upload. Until it is finished, nobody finds the file. */
  begin(scope: Scope, filename: string): Promise<Id<'file'>>;
  /** Stores the content of an upload while it is read. May take as long as the upload. @throws the errors of `content` */
  write(id: Id<'file'>, content: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Finishes an upload, if the team's storage has room for it: `full`. A file that another request with the same idempotency
   * key has finished meanwhile is returned instead. The caller then discards its own upload.
   */
  finish(
    scope: Scope,
    id: Id<'file'>,
    upload: FinishedUpload,
    storageMax: number,
  ): Promise<FileRecord | FileReplay | 'full'>;
  /** Removes an upload that is not finished. */
  discard(scope: Scope, id: Id<'file'>): Promise<void>;
  find(scope: Scope, id: Id<'file'>): Promise<FileRecord | undefined>;
  /** The content of a file that was found. The stream fails if the file is removed meanwhile. */
  read(file: Pick<FileRecord, 'id'>): Readable;
  /** The files with these ids that the scope reaches. */
  list(scope: Scope, ids: readonly Id<'file'>[]): Promise<FileRecord[]>;
  /**
   * Claims files for a message of a chat, with one command, before the message is stored. The files then belong to the chat, and
   * to its user and agent. Some of them may be claimed although others are `in-use` by another chat, or `missing`: those that no
   * message names are removed a day later.
   */
  claim(chat: ChatAccess, ids: readonly Id<'file'>[]): Promise<'claimed' | 'in-use' | 'missing'>;
  /**
   * Gives up files of a message whose content is about to be removed. The sweep removes them some 20 minutes later, unless another
   * message of the chat names them. Returns the number of those that belong to the chat.
   */
  release(chat: ChatAccess, ids: readonly Id<'file'>[]): Promise<number>;
  /** The number of files that the user of the scope has uploaded and not sent. It counts up to `limit`. */
  countUnsent(scope: Scope & { readonly user: string }, limit: number): Promise<number>;
  /** Removes a file that belongs to no chat. `missing`: the scope reaches no such file. */
  remove(scope: Scope, id: Id<'file'>): Promise<'removed' | 'in-use' | 'missing'>;
  /** The bytes of all files of a team. */
  storage(scope: Scope): Promise<number>;
  /**
   * Removes some files that were uploaded a day ago and never sent, and what is left of removed ones. A file that belongs to a
   * chat is marked first; it is removed by a later call if no turn names it then. Returns the number of files that it found; 0:
   * nothing is due. Repeatable, by several processes.
   */
  sweep(now: Date, limit: number): Promise<number>;
}
