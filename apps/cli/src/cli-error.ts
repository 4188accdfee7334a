import { ParleyError } from '@parley/client';
import { type ErrorCode, errorEntry, statusOf } from '@parley/contract';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** An error with a sentence for people and an exit code for scripts. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Creates the error for a wrong command line. */
export function usageError(message: string): CliError {
  return new CliError(message, exitCodes.usage);
}

/** Creates the error for Ctrl-C. */
export function interrupted(): CliError {
  return new CliError('Interrupted.', exitCodes.interrupted);
}

/** Creates the error of a failed answer from its code. */
export function failedAnswer(code: ErrorCode | undefined, messageId: string): ParleyError {
  const known = code ?? 'model_failed';
  return new ParleyError(known, errorEntry(known).message, { messageId, status: statusOf(known) });
}
