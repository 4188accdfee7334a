import { ApiError, type ErrorCode, errorRegister, type InputIssue } from '@parley/contract';
import { TRPCError } from '@trpc/server';
import { ZodError } from 'zod';

/** More issues help nobody, and the request decides how many there are. */
const ISSUES_MAX = 20;
const ISSUE_LENGTH_MAX = 200;

/** What tRPC itself rejects, in our words. What is not here is a bug and answered as one. */
const apiErrorsOfTrpc: { readonly [code in TRPCError['code']]?: ErrorCode } = {
  BAD_REQUEST: 'malformed_request',
  PARSE_ERROR: 'malformed_request',
  NOT_FOUND: 'route_not_found',
  METHOD_NOT_SUPPORTED: 'method_not_allowed',
  PAYLOAD_TOO_LARGE: 'payload_too_large',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
};

/** The rejection to answer for whatever a procedure threw. Unknown errors are masked here, and only here. */
export function apiErrorOf(error: TRPCError): ApiError {
  const { cause } = error;
  if (cause instanceof ApiError) return cause;
  if (error.code === 'BAD_REQUEST' && cause instanceof ZodError) {
    return new ApiError('invalid_input', { issues: issuesOf(cause) });
  }
  const code = apiErrorsOfTrpc[error.code];
  return new ApiError(code ?? 'internal_error', { cause: error });
}

/** A rejection as tRPC carries it, so that its status is right over both transports. */
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
