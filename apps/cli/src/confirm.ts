import { confirm, isCancel } from '@clack/prompts';
import { CliError, usageError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/**
 * Goes on when a person says yes, or said so before with `--yes`.
 *
 * @throws CliError when they do not, or there is nobody to ask
 */
export async function confirmed(
  terminal: Terminal,
  question: string,
  isSaid: boolean | undefined,
): Promise<void> {
  if (isSaid) return;
  if (!terminal.isInteractive) throw usageError(`${question} Say so with --yes.`);
  const answer = await confirm({ message: question, initialValue: false });
  if (isCancel(answer)) throw new CliError('Nothing was done.', exitCodes.interrupted);
  if (!answer) throw new CliError('Nothing was done.');
}
