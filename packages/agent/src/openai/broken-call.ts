import { type ProviderError, readProviderError } from './provider-error.ts';

/**
 * A failed call of the model: its answer broke off, could not be parsed, or contained an error of the model's server.
 * The error's message is the reason, for the log; it contains no content.
 */
export class BrokenCall extends Error {
  override readonly name = 'BrokenCall';
  /** The error that the server reported, if it did. */
  readonly reported: ProviderError | undefined;
  /** Whether the same request would fail again. */
  readonly isFinal: boolean;

  constructor(reason: string, { reported, isFinal = false, cause }: BrokenCallFacts = {}) {
    super(reason, cause === undefined ? undefined : { cause });
    this.reported = reported;
    this.isFinal = isFinal;
  }
}

interface BrokenCallFacts {
  readonly reported?: ProviderError;
  readonly isFinal?: boolean;
  readonly cause?: unknown;
}

/** The configured address responds, but not with this API. */
export class NotTheApi extends BrokenCall {}

/** The request could not even be sent. */
export class UnsendableRequest extends BrokenCall {}

/** A call that failed by an error within its answer. */
export function reportedBy(error: unknown): BrokenCall {
  return new BrokenCall("the model's server reported an error in the answer", {
    reported: readProviderError(error),
  });
}
