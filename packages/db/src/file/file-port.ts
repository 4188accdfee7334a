import type { Readable } from 'node:stream';
import type { Id } from '@parley/contract';
import type { Scope } from '../scope.ts';
import type { FileRecord, FileReplay, FinishedUpload } from './file-records.ts';

/**
 * The files of teams and users. A file is removed a day after its upload. A scope reaches the files of its user, and those of
 * callers who were limited to some of its agents.
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
  /** Removes a file. False if the scope reaches no such file. */
  remove(scope: Scope, id: Id<'file'>): Promise<boolean>;
  /** The bytes of all files of a team. */
  storage(scope: Scope): Promise<number>;
  /**
   * Removes some files that were uploaded a day ago, and what is left of removed ones. Returns the number of files that it
   * found; 0: nothing is due. Repeatable, by several processes.
   */
  sweep(now: Date, limit: number): Promise<number>;
}
