import type { Id } from '@parley/contract';
import type { Idempotency } from '../idempotency.ts';

/** An uploaded file, without its content. */
export interface FileRecord {
  readonly id: Id<'file'>;
  readonly filename: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly createdAt: Date;
}

/** The facts about a file whose whole content is stored. */
export interface FinishedUpload extends Pick<FileRecord, 'mediaType' | 'bytes'> {
  readonly idempotency?: Idempotency;
}

/** The file that an earlier request with the same idempotency key uploaded, and the hash of that request. */
export interface FileReplay {
  readonly body: string;
  readonly file: FileRecord;
}
