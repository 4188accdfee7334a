import type { ErrorCode } from '@parley/contract';
import { en } from '../texts/en.ts';
import { formatTime } from '../texts/format.ts';
import type { Texts } from '../texts/texts.ts';

/** All problems that the page can show: the server's error codes, network errors and unknown errors. */
export type ProblemCode = ErrorCode | 'network' | 'unknown';

/** The text of a problem: what happened, and what the user can do. */
export interface ProblemText {
  readonly title: string;
  readonly advice: string;
}

/** A problem to show. */
export interface Problem {
  readonly code: ProblemCode;
  /** The server's message. */
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
  /** When a retry may succeed, ISO 8601. */
  readonly retryAt?: string | undefined;
}

/** The model's server names a time within the next days. */
const retryTime = { weekday: 'short', hour: 'numeric', minute: '2-digit' } as const;

/** Returns the text of a problem. For a loading model it includes the progress that the server reports. */
export function problemTextOf(
  { code, message, requestId, retryAt }: Problem,
  { text, locales }: Pick<Texts, 'text' | 'locales'>,
): ProblemText {
  const title = text(`problem.${code}.title`);
  const advice = text(`problem.${code}.advice`);
  if (retryAt !== undefined && Date.parse(retryAt) > Date.now())
    return {
      title,
      advice: text('problem.retry-after', { time: formatTime(new Date(retryAt), retryTime, locales) }),
    };
  if (code === 'model_loading') {
    const progress = message?.replace(/^.*? in a moment\.\s*/s, '');
    return { title, advice: progress ? `${progress} ${advice}` : advice };
  }
  if (code === 'internal_error') {
    return requestId
      ? { title, advice: `${advice} (${requestId})` }
      : { title, advice: text('problem.unknown.advice') };
  }
  return { title, advice };
}

/** Returns a server's error code if this page knows it, otherwise `unknown`. */
export function problemCodeOf(value: unknown): ProblemCode {
  return typeof value === 'string' && Object.hasOwn(en, `problem.${value}.title`)
    ? (value as ProblemCode)
    : 'unknown';
}
