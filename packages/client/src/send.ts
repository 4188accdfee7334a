import type { ParleyError } from './parley-error.ts';

/** How a message that was sent stands, until the transcript holds it. */
export type SendState =
  /** On its way, or behind another of the same chat that is. */
  | { readonly kind: 'sending' }
  /** The device is offline: it goes out by itself as soon as that ends. */
  | { readonly kind: 'offline' }
  /** It could not be delivered for now; it is tried again by itself at `retryAt` (milliseconds since 1970). */
  | { readonly kind: 'waiting'; readonly error: ParleyError; readonly retryAt: number }
  /** It will not be accepted as it is: `resend` or `discard` it. */
  | { readonly kind: 'refused'; readonly error: ParleyError }
  /** The server has it. `userMessageId` is unknown where only a failed answer told of the acceptance. */
  | { readonly kind: 'accepted'; readonly userMessageId?: string; readonly answerId: string };

/** A message that was sent and is not part of the transcript yet. Immutable: a change makes another object. */
export interface Send {
  /** Its idempotency key, the same over all attempts and page reloads. */
  readonly key: string;
  readonly chatId: string;
  readonly content: string;
  /** When it was sent first, ISO 8601, by this device's clock. */
  readonly createdAt: string;
  readonly state: SendState;
}

/** Where sends outlive the page: `localStorage` fits. What it throws is taken as "cannot keep this". */
export interface SendStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}
