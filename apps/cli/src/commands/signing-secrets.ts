import type { NewSigningSecret } from '@parley/contract';
import type { Command } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { printTable } from '../print/table.ts';
import { timestamp } from '../print/timestamp.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

/** Adds `parley signing-secrets`. All its commands need a secret key without limits. */
export function signingSecretsCommand(program: Command, context: CommandContext): void {
  const secrets = program
    .command('signing-secrets')
    .description('list, create and revoke the secrets that sign user tokens (needs a secret key)');

  secrets
    .command('list')
    .description('list the active secrets, newest first, without their texts')
    .action((_, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.signingSecret.list.query({}),
        ({ signingSecrets }, terminal) =>
          printTable(terminal, signingSecrets, [
            ['ID', ({ id }) => id],
            ['SECRET', ({ visibleStart }) => `${visibleStart}…`],
            ['CREATED (UTC)', ({ createdAt }) => timestamp(createdAt)],
            ['EXPIRES (UTC)', ({ expiresAt }) => timestamp(expiresAt)],
          ]),
      ),
    );

  secrets
    .command('create')
    .description('create a secret and print its text, which cannot be shown again')
    .option(
      '--overlap-seconds <seconds>',
      'how long the previous secrets keep working; default: one day',
      wholeNumber,
    )
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { overlapSeconds?: number }>();
      const { overlapSeconds } = options;
      return withResult(
        context,
        options,
        ({ parley }) => parley.trpc.signingSecret.create.mutate({ overlapSeconds }),
        printNewSecret,
      );
    });

  secrets
    .command('revoke')
    .argument('<secretId>')
    .description('revoke a secret; every server rejects its tokens within five seconds')
    .option('--yes', 'do not ask for confirmation')
    .action((secretId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      return withResult(
        context,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `Revoke ${secretId}? Its tokens stop working.`, options.yes);
          await parley.trpc.signingSecret.revoke.mutate({ secretId });
          return { id: secretId, isRevoked: true };
        },
        ({ id }, terminal) => terminal.say(`${id} is revoked.`),
      );
    });
}

function printNewSecret({ id, secret, audience }: NewSigningSecret, terminal: Terminal): void {
  terminal.print(secret);
  terminal.say(`This is ${id}. Store it now: it cannot be shown again. Tokens need \`aud\`: ${audience}.`);
}
