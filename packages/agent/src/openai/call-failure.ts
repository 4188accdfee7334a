import { APIError } from 'openai';
import type { FailureFacts, ModelErrorCode, ModelFailure } from '../model/model-failure.ts';
import { BrokenCall, NotTheApi, UnsendableRequest } from './broken-call.ts';
import { type ProviderError, readProviderError } from './provider-error.ts';

/** The texts that must not appear in a log: the key and the conversation. */
export interface CallSecrets {
  readonly apiKey: string;
  readonly texts: readonly string[];
  /** The texts of files. */
  readonly fileTexts?: readonly string[] | undefined;
  /** Whether the conversation has texts that are not known here. */
  readonly hasUnknownTexts?: boolean | undefined;
}

/** Maps an error of a call to a failure. */
export function failureOf(error: unknown, secrets: CallSecrets): ModelFailure {
  if (error instanceof BrokenCall) return failureOfBroken(error, secrets);
  if (!(error instanceof APIError)) {
    return {
      code: 'model_failed',
      retry: 'never',
      cause: error instanceof Error ? error : new Error('unknown'),
    };
  }
  const { status, headers } = error;
  if (status === undefined) return failureOfConnection(error);
  const reported = { ...readProviderError(error.error), status };
  const { code, retry } = meaningOf(reported);
  const shouldRetry = headers?.get('x-should-retry');
  const facts = factsOf(reported, secrets, error.requestID ?? undefined);
  return {
    code,
    retry: shouldRetry === 'true' ? 'later' : shouldRetry === 'false' ? 'never' : retry,
    retryAfterMs: headers && retryAfterMs(headers, Date.now()),
    facts,
    cause: new Error(`the model's server answered HTTP ${sentenceOf(facts, reported)}`),
  };
}

/** The wait that a response asks for, in `Retry-After` (seconds or a date) or `Retry-After-Ms`. */
export function retryAfterMs(headers: Pick<Headers, 'get'>, nowMs: number): number | undefined {
  const ms = headers.get('retry-after-ms') ?? '';
  if (DECIMAL.test(ms)) return Number(ms);
  const after = headers.get('retry-after') ?? '';
  if (DECIMAL.test(after)) return Number(after) * 1000;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

const DECIMAL = /^\d+(\.\d+)?$/;

function failureOfBroken(error: BrokenCall, secrets: CallSecrets): ModelFailure {
  const { reported } = error;
  if (error instanceof NotTheApi) return { code: 'model_unreachable', retry: 'never', cause: error };
  if (error instanceof UnsendableRequest) return { code: 'model_refused', retry: 'never', cause: error };
  if (!reported) return { code: 'model_failed', retry: error.isFinal ? 'never' : 'later', cause: error };
  const facts = factsOf(reported, secrets);
  const sentence = sentenceOf(facts, reported);
  return {
    ...meaningOf(reported),
    facts,
    cause: new Error(sentence === '' ? error.message : `${error.message}: ${sentence}`),
  };
}

type Meaning = Pick<ModelFailure, 'code' | 'retry'>;

/** Codes that are more precise than the status of their response. */
const meaningOfWord: Readonly<Record<string, Meaning>> = {
  invalid_api_key: { code: 'model_key_refused', retry: 'never' },
  api_key_invalid: { code: 'model_key_refused', retry: 'never' },
  model_not_found: { code: 'model_not_found', retry: 'never' },
  // The account has no credit left, so waiting does not help.
  insufficient_quota: { code: 'model_rate_limited', retry: 'never' },
};

/** Without a status, the answer broke off for a reason that the server did not name. */
function meaningOf({ status, code }: ProviderError): Meaning {
  const known = meaningOfWord[code?.toLowerCase() ?? ''];
  if (known && (status === undefined || status < 500)) return known;
  if (status === 401 || status === 403) return { code: 'model_key_refused', retry: 'never' };
  if (status === 404) return { code: 'model_not_found', retry: 'never' };
  if (status === 408 || status === 504) return { code: 'model_timeout', retry: 'later' };
  if (status === 429) return { code: 'model_rate_limited', retry: 'later' };
  if (status === undefined || status === 409 || status >= 500)
    return { code: 'model_failed', retry: 'later' };
  return { code: 'model_refused', retry: 'never' };
}

/**
 * Node's codes for a connection that cannot be made: the address or the server's certificate is wrong, or no server
 * listens.
 */
const UNREACHABLE =
  /^(?:ENOTFOUND|EAI_\w+|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPROTO|ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/;

function failureOfConnection({ cause }: APIError): ModelFailure {
  const known = cause instanceof Error ? cause : undefined;
  const word = known && ('code' in known && typeof known.code === 'string' ? known.code : known.name);
  const code: ModelErrorCode = word && UNREACHABLE.test(word) ? 'model_unreachable' : 'model_failed';
  const reason = known ? ` (${word}): ${known.message}` : '';
  return { code, retry: 'later', cause: new Error(`no connection to the model${reason}`) };
}

/** The maximum length of a server's message in the log. */
const REASON_LENGTH_MAX = 300;
/** Servers repeat a rejected key with some characters hidden. */
const KEY_LIKE = /\b(?:sk|pk)[-_][\w*.-]{4,}|\bBearer\s+\S+/g;
/** If a server's message contains this many characters of a sent text, it quotes the text. */
const QUOTE_LENGTH_MIN = 24;

function factsOf(reported: ProviderError, secrets: CallSecrets, requestId?: string): FailureFacts {
  const { status, code, message } = reported;
  return {
    status,
    providerCode: code,
    ...(message !== undefined && { providerMessage: withoutSecrets(message, secrets) }),
    ...(requestId !== undefined && /^[\w.-]{1,64}$/.test(requestId) && { providerRequestId: requestId }),
  };
}

function sentenceOf(facts: FailureFacts, { type, code }: ProviderError): string {
  const words = [facts.status, type === code ? undefined : type, code, facts.providerRequestId];
  const start = words.filter((word) => word !== undefined).join(' ');
  return [start, facts.providerMessage].filter((part) => part !== undefined && part !== '').join(': ');
}

/** The server's message, unless it quotes the request. */
function withoutSecrets(message: string, secrets: CallSecrets): string {
  const { apiKey, texts, fileTexts = [], hasUnknownTexts = false } = secrets;
  const keyless = apiKey === '' ? message : message.replaceAll(apiKey, '[key]');
  const reason = keyless.replaceAll(KEY_LIKE, '[key]').slice(0, REASON_LENGTH_MAX);
  const isQuoting = hasUnknownTexts || [...texts, ...fileTexts].some((text) => isQuoted(text, reason));
  return isQuoting ? '[it quotes the conversation]' : reason;
}

function isQuoted(text: string, reason: string): boolean {
  if (text.length <= QUOTE_LENGTH_MIN) return text.length > 4 && reason.includes(text);
  for (let start = 0; start + QUOTE_LENGTH_MIN <= reason.length; start++) {
    if (text.includes(reason.slice(start, start + QUOTE_LENGTH_MIN))) return true;
  }
  return false;
}
