import { ApiError, type ErrorCode } from '@parley/contract';

interface Failure {
  readonly messageId: string;
  /** The time at which the model's server accepts requests again, if it said so. */
  readonly retryAt?: Date | undefined;
}

/** Returns the error of a failed answer, with the time to try again if the model's server said so. */
export function failedAnswer(code: ErrorCode, { messageId, retryAt }: Failure): ApiError {
  if (!retryAt) return new ApiError(code, { messageId });
  const seconds = Math.ceil((retryAt.getTime() - Date.now()) / 1_000);
  return new ApiError(code, {
    messageId,
    detail: `The model's server takes requests again at ${retryAt.toISOString()}.`,
    ...(seconds > 0 && { retryAfterSeconds: seconds }),
  });
}
