import { type ProviderError, readProviderError } from './provider-error.ts';

/**
 * A call of the model that broke: its answer broke off, could not be read, or held an error of the model's server.
 * The message is the reason, for the log; it holds no content.
 */
export class BrokenCall extends Error {
  override readonly name = 'BrokenCall';
  /** The error that the server reported, if it did. */
  readonly reported: ProviderError | undefined;
  /** Whether the same request would break again. */
  readonly isFinal: boolean;

  constructor(reason: string, { reported, isFinal = false }: BrokenCallFacts = {}) {
    super(reason);
    this.reported = reported;
    this.isFinal = isFinal;
  }
}

interface BrokenCallFacts {
  readonly reported?: ProviderError;
  readonly isFinal?: boolean;
}

/** The configured address answers, and what it answers is not the API. */
export class NotTheApi extends BrokenCall {}

/** The request could not even be sent. */
export class UnsendableRequest extends BrokenCall {}

/** The call that an error within an answer broke. */
export function reportedBy(error: unknown): BrokenCall {
  return new BrokenCall("the model's server reported an error in the answer", {
    reported: readProviderError(error),
  });
}
