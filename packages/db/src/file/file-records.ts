import type { Id, MessageFile } from '@parley/contract';
import type { Idempotency } from '../idempotency.ts';

/** An uploaded file, without its content. */
export interface FileRecord extends MessageFile {
  /** The chat to which it belongs, because it was sent there. */
  readonly chat?: Id<'chat'>;
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
