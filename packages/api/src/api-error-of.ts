import { ApiError, type ErrorCode, errorRegister, type InputIssue } from '@parley/contract';
import { TRPCError } from '@trpc/server';
import { ZodError } from 'zod';

/** The request decides how many issues there are, so the answer is limited. */
const ISSUES_MAX = 20;
const ISSUE_LENGTH_MAX = 200;

/** The error codes for requests that tRPC itself rejects. Every other error of tRPC is a bug. */
const apiErrorsOfTrpc: { readonly [code in TRPCError['code']]?: ErrorCode } = {
  BAD_REQUEST: 'malformed_request',
  PARSE_ERROR: 'malformed_request',
  NOT_FOUND: 'route_not_found',
  METHOD_NOT_SUPPORTED: 'method_not_allowed',
  PAYLOAD_TOO_LARGE: 'payload_too_large',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
};

/** Returns the error to answer for an error of a procedure. This is the only place that hides unknown errors. */
export function apiErrorOf(error: TRPCError): ApiError {
  const { cause } = error;
  if (cause instanceof ApiError) return cause;
  if (error.code === 'BAD_REQUEST' && cause instanceof ZodError) {
    return new ApiError('invalid_input', { issues: issuesOf(cause) });
  }
  const code = apiErrorsOfTrpc[error.code];
  return new ApiError(code ?? 'internal_error', { cause: error });
}

/** Converts an `ApiError` to a tRPC error with the same status. */
export function toTrpcError(apiError: ApiError): TRPCError {
  return new TRPCError({
    code: errorRegister[apiError.code].trpcCode,
    message: apiError.message,
    cause: apiError,
  });
}

function issuesOf(error: ZodError): InputIssue[] {
  return error.issues.flatMap(toIssues).slice(0, ISSUES_MAX);
}

function toIssues(issue: ZodError['issues'][number]): InputIssue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, ISSUES_MAX)
      .map((key) => ({ path: pathOf([...issue.path, key]), message: 'is not a known field' }));
  }
  return [{ path: pathOf(issue.path), message: clip(issue.message) }];
}

function pathOf(path: readonly PropertyKey[]): string {
  return clip(path.map(String).join('.'));
}

function clip(text: string): string {
  return text.length > ISSUE_LENGTH_MAX ? `${text.slice(0, ISSUE_LENGTH_MAX)}…`.toWellFormed() : text;
}
