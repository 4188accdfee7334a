import { ApiError } from '@parley/contract';

const ISSUES_MAX = 20;
const ISSUE_PATH_LENGTH_MAX = 200;

/** A value with a broken percent-escape would be taken for the very text it is written as. */
export function rejectBrokenEscapes(url: string): void {
  try {
    decodeURIComponent(url);
  } catch (cause) {
    throw new ApiError('malformed_request', { cause });
  }
}

/** The one name that cannot be assigned to an object: the handler would lose it, and nobody could reject it. */
export function rejectProtoField(query: Record<string, unknown>): void {
  if (!Object.hasOwn(query, '__proto__')) return;
  throw new ApiError('invalid_input', {
    issues: [{ path: '__proto__', message: 'is not a known field' }],
  });
}

/** Requests are closed: a parameter that is not known, or not once there, is rejected. */
export function rejectUnknownQuery(query: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const refused = Object.entries(query)
    .filter(([name, value]) => !known.includes(name) || typeof value !== 'string')
    .slice(0, ISSUES_MAX);
  if (refused.length === 0) return;
  throw new ApiError('invalid_input', {
    issues: refused.map(([name]) => ({
      path: name.slice(0, ISSUE_PATH_LENGTH_MAX).toWellFormed(),
      message: known.includes(name) ? 'must be given once' : 'is not a known query parameter',
    })),
  });
}
