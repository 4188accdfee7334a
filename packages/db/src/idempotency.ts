/** What makes a repeated request known: hashes of who sent it with which key, and of what it asked. */
export interface Idempotency {
  /** Of the caller, the operation and the `Idempotency-Key`. */
  readonly key: string;
  /** Of the input. */
  readonly body: string;
}
