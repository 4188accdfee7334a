/**
 * A call of the model that broke: its answer broke off, was no stream of chunks, or held an error of the
 * model's server. The message is the reason, for the log; it holds no content.
 */
export class BrokenCall extends Error {
  override readonly name = 'BrokenCall';
  /** The HTTP status the server named in its error, if it did, or the one that fits. */
  readonly status: number | undefined;

  constructor(reason: string, status?: number) {
    super(reason);
    this.status = status;
  }
}
