import { type Key, keyAccesses, keyScopes, type NewKey } from '@parley/contract';
import { type Command, Option } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { printTable } from '../print/table.ts';
import { timestamp } from '../print/timestamp.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface CreateOptions extends GlobalOptions {
  readonly kind: 'publishable' | 'secret';
  readonly name?: string;
  readonly access?: (typeof keyAccesses)[number];
  readonly origin?: string[];
  readonly scope?: (typeof keyScopes)[number][];
  readonly agent?: string[];
  readonly tokensPerDay?: number;
  readonly expiresAt?: string;
}

interface RollOptions extends GlobalOptions {
  readonly overlapSeconds?: number;
  readonly yes?: true;
}

/** Adds `parley keys`. All its commands need a secret key. */
export function keysCommand(program: Command, context: CommandContext): void {
  const keys = program
    .command('keys')
    .description('list, create, roll and revoke API keys (needs a secret key)');

  keys
    .command('list')
    .description("list the team's keys, without their texts")
    .action((_, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.key.list.query({}),
        ({ keys: rows }, terminal) => printKeys(terminal, rows),
      ),
    );

  keys
    .command('create')
    .description('create a key and print its text, which cannot be shown again')
    .addOption(
      new Option('--kind <kind>', 'secret for servers, publishable for browsers')
        .choices(['secret', 'publishable'])
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'the display name')
    .addOption(
      new Option(
        '--access <access>',
        'the chats that a publishable key reaches; required for publishable keys',
      ).choices(keyAccesses),
    )
    .option('--origin <origin...>', 'the web origins that browsers may use the key from')
    .addOption(
      new Option('--scope <scope...>', 'the permissions of a secret key; default: all').choices(keyScopes),
    )
    .option('--agent <agentId...>', 'the agents that the key reaches; default: all')
    .option('--tokens-per-day <number>', 'the tokens that the key may use in a day', wholeNumber)
    .option('--expires-at <time>', 'the time at which the key expires (ISO 8601, UTC)')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const { kind, name, access, origin: origins, scope: scopes, agent: agentIds } = options;
      const { tokensPerDay, expiresAt } = options;
      const fields = { kind, name, access, origins, scopes, agentIds, tokensPerDay, expiresAt };
      return withResult(context, options, ({ parley }) => parley.trpc.key.create.mutate(fields), printNewKey);
    });

  keys
    .command('roll')
    .argument('<keyId>')
    .description('replace a key and print the text of the new one, which cannot be shown again')
    .option(
      '--overlap-seconds <seconds>',
      'how long the old key keeps working; default: one day',
      wholeNumber,
    )
    .option('--yes', 'do not ask for confirmation')
    .action((keyId: string, _, command: Command) => {
      const options = command.optsWithGlobals<RollOptions>();
      const { overlapSeconds, yes } = options;
      return withResult(
        context,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `Replace ${keyId}?`, yes);
          return await parley.trpc.key.roll.mutate({ keyId, overlapSeconds });
        },
        printNewKey,
      );
    });

  keys
    .command('revoke')
    .argument('<keyId>')
    .description('revoke a key; every server rejects it within five seconds')
    .option(
      '--revoke-issued',
      'also revoke everything that the key has issued; always done for a key with limits',
    )
    .option('--yes', 'do not ask for confirmation')
    .action((keyId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { revokeIssued?: true; yes?: true }>();
      const { revokeIssued } = options;
      return withResult(
        context,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `Revoke ${keyId}? Everything that uses it stops working.`, options.yes);
          await parley.trpc.key.revoke.mutate({ keyId, revokeIssued });
          return { id: keyId, isRevoked: true };
        },
        ({ id }, terminal) => terminal.say(`${id} is revoked.`),
      );
    });
}

function printKeys(terminal: Terminal, keys: readonly Key[]): void {
  printTable(terminal, keys, [
    ['ID', ({ id }) => id],
    ['KEY', ({ visibleStart }) => `${visibleStart}…`],
    ['KIND', ({ kind, access }) => (access ? `${kind}, ${access}` : kind)],
    ['NAME', ({ name }) => name],
    ['LAST USED (UTC)', ({ lastUsedAt }) => timestamp(lastUsedAt)],
    ['STATE', stateOf],
  ]);
}

function stateOf({ revokedAt, expiresAt }: Key): string {
  if (revokedAt !== undefined) return 'revoked';
  if (expiresAt === undefined) return 'works';
  return `${Date.parse(expiresAt) > Date.now() ? 'until' : 'expired'} ${timestamp(expiresAt)}`;
}

function printNewKey({ id, key, warning }: NewKey, terminal: Terminal): void {
  terminal.print(key);
  terminal.say(`This is ${id}. Store it now: it cannot be shown again.`);
  if (warning) terminal.say(warning);
}
