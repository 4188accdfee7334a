import { confirm, isCancel } from '@clack/prompts';
import { CliError, usageError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/**
 * Asks for confirmation, unless `--yes` was given.
 *
 * @throws CliError if the user declines, or there is no terminal to ask in
 */
export async function confirmed(
  terminal: Terminal,
  question: string,
  isSaid: boolean | undefined,
): Promise<void> {
  if (isSaid) return;
  if (!terminal.isInteractive) throw usageError(`${question} Confirm with --yes.`);
  const answer = await confirm({ message: question, initialValue: false });
  if (isCancel(answer)) throw new CliError('Nothing was done.', exitCodes.interrupted);
  if (!answer) throw new CliError('Nothing was done.');
}
