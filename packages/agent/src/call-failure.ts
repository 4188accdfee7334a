import { APIError } from 'openai';
import { BrokenCall } from './broken-call.ts';
import type { ModelErrorCode } from './model-error.ts';

/** Why a call of the model gave no answer. */
export interface CallFailure {
  readonly code: ModelErrorCode;
  /** Whether the same call may succeed a little later. */
  readonly isPassing: boolean;
  /** How long the server asks to wait before the next call. */
  readonly retryAfterMs?: number | undefined;
  /** For the log; it holds no key and none of the texts that were sent. */
  readonly cause: Error;
}

/** What must not appear in a log: the key, and the conversation. */
export interface CallSecrets {
  readonly apiKey: string;
  readonly messages: readonly { readonly content: string }[];
}

/** The failure that an error of a call means; `undefined` for an error that no call raises, which is a bug. */
export function failureOf(error: unknown, secrets: CallSecrets): CallFailure | undefined {
  if (error instanceof BrokenCall) {
    return { ...failureOfStatus(error.status), cause: error };
  }
  if (!(error instanceof APIError)) return undefined;
  const { status, headers } = error;
  if (status === undefined) return { ...failureOfStatus(undefined), cause: connectionCause(error) };
  const failure = failureOfStatus(status);
  const told = headers?.get('x-should-retry');
  return {
    code: failure.code,
    isPassing: told === 'true' || (told !== 'false' && failure.isPassing),
    retryAfterMs: headers && retryAfterMs(headers, Date.now()),
    cause: statusCause(error, secrets),
  };
}

/**
 * An answer without text. A reason other than `stop` (a filter, tools that were never offered, the length
 * used up by thinking) would come again with the next call.
 */
export function failureOfEmptyAnswer(finishReason: string): CallFailure {
  const isPassing = finishReason === 'stop';
  const reason = /^\w{1,32}$/.test(finishReason) ? finishReason : 'unknown';
  return { code: 'model_failed', isPassing, cause: new Error(`the answer is empty (${reason})`) };
}

/** How long a response asks to wait, by `Retry-After` in seconds or as a date, or by `Retry-After-Ms`. */
export function retryAfterMs(headers: Pick<Headers, 'get'>, nowMs: number): number | undefined {
  const ms = headers.get('retry-after-ms') ?? '';
  if (DECIMAL.test(ms)) return Number(ms);
  const after = headers.get('retry-after') ?? '';
  if (DECIMAL.test(after)) return Number(after) * 1000;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

const DECIMAL = /^\d+(\.\d+)?$/;

/** Without a status nothing was answered, or the answer broke off. */
function failureOfStatus(status: number | undefined): { code: ModelErrorCode; isPassing: boolean } {
  if (status === undefined || status >= 500) {
    return { code: status === 504 ? 'model_timeout' : 'model_failed', isPassing: true };
  }
  if (status === 429) return { code: 'model_rate_limited', isPassing: true };
  if (status === 408) return { code: 'model_timeout', isPassing: true };
  if (status === 409) return { code: 'model_failed', isPassing: true };
  return { code: 'model_refused', isPassing: false };
}

function connectionCause(error: APIError): Error {
  const { cause } = error;
  if (!(cause instanceof Error)) return new Error('no connection to the model');
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return new Error(`no connection to the model (${code}): ${cause.message}`);
}

/** A server's own sentence is kept up to here. */
const REASON_LENGTH_MAX = 300;
/** This much of a sent text in a server's sentence is a quotation. */
const QUOTE_LENGTH_MIN = 24;

function statusCause(error: APIError, secrets: CallSecrets): Error {
  const words = [`HTTP ${error.status}`];
  for (const word of [error.type, error.code, error.requestID]) {
    if (typeof word === 'string' && /^[\w.-]{1,64}$/.test(word)) words.push(word);
  }
  const reason = reasonOf(error.error, secrets);
  return new Error(`the model's server answered ${words.join(' ')}${reason && `: ${reason}`}`);
}

/** The server's sentence, unless it quotes what it was sent; a body of any other form is not repeated. */
function reasonOf(body: unknown, secrets: CallSecrets): string {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : body;
  if (typeof message !== 'string') return '';
  const keyless = secrets.apiKey === '' ? message : message.replaceAll(secrets.apiKey, '[key]');
  const reason = keyless.slice(0, REASON_LENGTH_MAX);
  const quotes = secrets.messages.some(({ content }) => isQuoted(content, reason));
  return quotes ? '[it quotes the conversation]' : reason;
}

function isQuoted(text: string, reason: string): boolean {
  if (text.length <= QUOTE_LENGTH_MIN) return text.length > 4 && reason.includes(text);
  for (let start = 0; start + QUOTE_LENGTH_MIN <= reason.length; start++) {
    if (text.includes(reason.slice(start, start + QUOTE_LENGTH_MIN))) return true;
  }
  return false;
}
