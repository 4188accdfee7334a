import { ApiError } from '@parley/contract';

const ISSUES_MAX = 20;
const ISSUE_PATH_LENGTH_MAX = 200;

/** Rejects a broken percent-escape, which would be read as literal text. */
export function rejectBrokenEscapes(url: string): void {
  try {
    decodeURIComponent(url);
  } catch (cause) {
    throw new ApiError('malformed_request', { cause });
  }
}

/**
 * Rejects a parameter `__proto__`: it could be lost between the query and the procedure, which would then not
 * reject it.
 */
export function rejectProtoField(query: Record<string, unknown>): void {
  if (!Object.hasOwn(query, '__proto__')) return;
  throw new ApiError('invalid_input', {
    issues: [{ path: '__proto__', message: 'is not a known field' }],
  });
}

/** Rejects parameters that are unknown or repeated. */
export function rejectUnknownQuery(query: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const rejected = Object.entries(query)
    .filter(([name, value]) => !known.includes(name) || typeof value !== 'string')
    .slice(0, ISSUES_MAX);
  if (rejected.length === 0) return;
  throw new ApiError('invalid_input', {
    issues: rejected.map(([name]) => ({
      path: name.slice(0, ISSUE_PATH_LENGTH_MAX).toWellFormed(),
      message: known.includes(name) ? 'must be given once' : 'is not a known query parameter',
    })),
  });
}
