import { type ParleyError, toParleyError } from '@parley/client';
import { CliError } from '../cli-error.ts';
import { type ExitCode, exitCodeOf } from '../exit-codes.ts';
import { type Terminal, withoutControls } from '../terminal.ts';

/**
 * Prints an error to standard error: a sentence, the invalid fields, the code and the id of the request.
 * Returns the exit code.
 */
export function printError(terminal: Terminal, thrown: unknown): ExitCode {
  if (thrown instanceof CliError) {
    terminal.say(thrown.message);
    return thrown.exitCode;
  }
  const error = toParleyError(thrown);
  terminal.say(sentenceOf(error));
  for (const { path, message } of error.issues ?? []) {
    terminal.say(`  ${withoutControls(path || 'input')} ${withoutControls(message)}`);
  }
  const request = error.requestId === undefined ? '' : `, request ${error.requestId}`;
  terminal.say(`(${error.code}${request})`);
  return exitCodeOf(error.code, error.status);
}

function sentenceOf({ code, message }: ParleyError): string {
  if (code === 'unauthorized')
    return 'The server does not accept this key. Log in with another one: parley login';
  return withoutControls(message);
}
