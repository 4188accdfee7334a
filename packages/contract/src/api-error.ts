import { z } from 'zod';
import { type ErrorCode, errorCodeSchema, errorEntry, nameOfStatus, statusOf } from './error-codes.ts';
import { idSchema } from './id.ts';

/** A field of an invalid request, and what it must be. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

interface ApiErrorFacts {
  readonly issues?: readonly InputIssue[];
  /** The id of the answer. Set once the message is accepted. */
  readonly messageId?: string;
  /**
   * A sentence that the register cannot know, such as the progress of a download. It is added to the message.
   */
  readonly detail?: string;
  /** Overrides the register's time in seconds. */
  readonly retryAfterSeconds?: number;
  /** For the log only; callers never see it. */
  readonly cause?: unknown;
}

/**
 * A registered API error: the only error that callers see the text of. Throw one when a request cannot be
 * fulfilled; any other exception is a bug and is answered as `internal_error`.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly facts: ApiErrorFacts;

  constructor(code: ErrorCode, facts: ApiErrorFacts = {}) {
    const { message } = errorEntry(code);
    super(facts.detail ? `${message} ${facts.detail}` : message, { cause: facts.cause });
    this.code = code;
    this.facts = facts;
  }

  /** The HTTP status, for tRPC and REST alike. */
  get status() {
    return statusOf(this.code);
  }

  /** The value of `Retry-After` in seconds. Undefined if waiting does not help. */
  get retryAfterSeconds(): number | undefined {
    return this.facts.retryAfterSeconds ?? errorEntry(this.code).retryAfterSeconds;
  }
}

/** The response body of every error, from any layer. */
export const errorEnvelopeSchema = z
  .object({
    error: z.string().meta({ description: 'The short name of the HTTP status.', examples: ['Not Found'] }),
    message: z.string().meta({ description: 'A sentence for people: what is wrong and what to do.' }),
    code: errorCodeSchema,
    requestId: z.string().meta({ description: 'The id of this request in the log.' }),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With `invalid_input`: each invalid field, and what it must be.' }),
    messageId: idSchema('message')
      .optional()
      .meta({ description: 'The id that the answer has or will have. Set once the message is accepted.' }),
  })
  .meta({ id: 'ApiError', description: 'The error of a rejected request.' });

/** The response body of an error. */
export type ErrorEnvelope = z.infer<typeof errorEnvelopeSchema>;

/** Converts an error to its response body. */
export function toEnvelope(apiError: ApiError, requestId: string) {
  const { issues, messageId } = apiError.facts;
  return {
    error: nameOfStatus[apiError.status],
    message: apiError.message,
    code: apiError.code,
    requestId,
    ...(issues && { issues }),
    ...(messageId && { messageId }),
  };
}

/**
 * The `data` of tRPC's own error shape. Clients of release 0.1.0 read the envelope as `refusal`, and pages with them
 * stay open over an upgrade; the next release drops that name.
 */
export function toErrorData(apiError: ReturnType<typeof toEnvelope>) {
  return { apiError: apiError as ErrorEnvelope, ...{ refusal: apiError as unknown } };
}
