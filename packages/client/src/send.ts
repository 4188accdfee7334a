import type { File as UploadedFile } from '@parley/contract';
import type { ParleyError } from './parley-error.ts';

/** The state of a sent message until the transcript contains it. */
export type SendState =
  /** Its request is running, or waits for an earlier message of the chat. */
  | { readonly kind: 'sending' }
  /** The device is offline. The message is sent when the network returns. */
  | { readonly kind: 'offline' }
  /** The request failed and is retried at `retryAt` (milliseconds since 1970). */
  | { readonly kind: 'waiting'; readonly error: ParleyError; readonly retryAt: number }
  /** The server rejected the message permanently: call `resend` or `discard`. */
  | { readonly kind: 'refused'; readonly error: ParleyError }
  /**
   * The server stored the message. `userMessageId` is absent if only the error of its answer confirmed this.
   */
  | { readonly kind: 'accepted'; readonly userMessageId?: string; readonly answerId: string };

/** An uploaded file that a message names. */
export type SentFile = Pick<UploadedFile, 'id' | 'filename' | 'mediaType'>;

/** A sent message that is not part of the transcript yet. Immutable. */
export interface Send {
  /** The idempotency key, the same for all attempts and page loads. */
  readonly key: string;
  readonly chatId: string;
  readonly content: string;
  /** At most 10; absent without files. */
  readonly files?: readonly SentFile[];
  /** The time of the first attempt by the device's clock, ISO 8601. */
  readonly createdAt: string;
  readonly state: SendState;
}

/**
 * A storage that outlives the page, such as `localStorage`. Errors that it throws are ignored; the message is
 * then not stored.
 */
export interface SendStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}
