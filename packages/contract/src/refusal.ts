import { z } from 'zod';
import { type ErrorCode, errorCodeSchema, errorEntry, nameOfStatus, statusOf } from './error-codes.ts';
import { idSchema } from './id.ts';

/** Which field of an invalid request, and what it must be. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

interface RefusalFacts {
  readonly issues?: readonly InputIssue[];
  /** The answer's id, once a message was accepted. */
  readonly messageId?: string;
  /** More than the register's sentence can know, such as how far a download is. One sentence. */
  readonly detail?: string;
  /** When waiting helps sooner than the register says. */
  readonly retryAfterSeconds?: number;
  /** For the log only; never shown. */
  readonly cause?: unknown;
}

/**
 * A registered refusal: the only error a caller is ever told about. Code that cannot do what it was asked
 * throws one; whatever else is thrown is a bug and answered as `internal_error`.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly facts: RefusalFacts;

  constructor(code: ErrorCode, facts: RefusalFacts = {}) {
    const { message } = errorEntry(code);
    super(facts.detail ? `${message} ${facts.detail}` : message, { cause: facts.cause });
    this.code = code;
    this.facts = facts;
  }

  /** The HTTP status, at both doors. */
  get status() {
    return statusOf(this.code);
  }

  /** The value of `Retry-After` in seconds, where waiting helps. */
  get retryAfterSeconds(): number | undefined {
    return this.facts.retryAfterSeconds ?? errorEntry(this.code).retryAfterSeconds;
  }
}

/** The one envelope of every refusal, from any layer. */
export const refusalEnvelopeSchema = z
  .object({
    error: z.string().meta({ description: "The HTTP status's short name.", examples: ['Not Found'] }),
    message: z.string().meta({ description: 'What happened and what to do, for a person.' }),
    code: errorCodeSchema,
    requestId: z.string().meta({ description: 'Names this request in the log.' }),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With `invalid_input`: each field and what it must be.' }),
    messageId: idSchema('message')
      .optional()
      .meta({ description: 'The id the answer has or will have, once the message was accepted.' }),
  })
  .meta({ id: 'Refusal', description: 'Why a request was refused.' });

export type RefusalEnvelope = z.infer<typeof refusalEnvelopeSchema>;

/** Puts a refusal into its envelope. */
export function toEnvelope(refusal: Refusal, requestId: string) {
  const { issues, messageId } = refusal.facts;
  return {
    error: nameOfStatus[refusal.status],
    message: refusal.message,
    code: refusal.code,
    requestId,
    ...(issues && { issues }),
    ...(messageId && { messageId }),
  };
}
