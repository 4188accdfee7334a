/** Identifies a repeated request by two hashes. */
export interface Idempotency {
  /** The hash of the caller, the operation and the `Idempotency-Key`. */
  readonly key: string;
  /** The hash of the input. */
  readonly body: string;
}
