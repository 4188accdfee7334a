import { ParleyError } from '@parley/client';
import { type ErrorCode, errorEntry, statusOf } from '@parley/contract';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Something that a person is told in one sentence, and a script by the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError(message, exitCodes.usage);
}

/** Ctrl-C, where nothing is left to be done. */
export function interrupted(): CliError {
  return new CliError('Interrupted.', exitCodes.interrupted);
}

/** An answer that failed, as the refusal of its code. */
export function failedAnswer(code: ErrorCode | undefined, messageId: string): ParleyError {
  const known = code ?? 'model_failed';
  return new ParleyError(known, errorEntry(known).message, { messageId, status: statusOf(known) });
}
