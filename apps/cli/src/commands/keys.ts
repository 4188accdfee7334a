import { type Key, keyAccesses, type NewKey } from '@parley/contract';
import { type Command, Option } from 'commander';
import { answering, type World } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { moment } from '../print/moment.ts';
import { printTable } from '../print/table.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface CreateOptions extends GlobalOptions {
  readonly kind: 'publishable' | 'secret';
  readonly name?: string;
  readonly access?: (typeof keyAccesses)[number];
  readonly origin?: string[];
}

interface RollOptions extends GlobalOptions {
  readonly overlapSeconds?: number;
  readonly yes?: true;
}

/** `parley keys`: each of them takes a secret key. */
export function keysCommand(program: Command, world: World): void {
  const keys = program.command('keys').description('list, create, roll and revoke API keys (a secret key)');

  keys
    .command('list')
    .description("the team's keys, without their texts")
    .action((_, command: Command) =>
      answering(
        world,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.key.list.query({}),
        ({ keys: rows }, terminal) => printKeys(terminal, rows),
      ),
    );

  keys
    .command('create')
    .description('makes a key; its text is shown this once')
    .addOption(
      new Option('--kind <kind>', 'for servers or for browsers')
        .choices(['secret', 'publishable'])
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'what people call it')
    .addOption(
      new Option('--access <access>', 'whose chats a publishable key reaches; it needs one').choices(
        keyAccesses,
      ),
    )
    .option('--origin <origin...>', 'the web origins that browsers may use it from')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const { kind, name, access, origin: origins } = options;
      return answering(
        world,
        options,
        ({ parley }) => parley.trpc.key.create.mutate({ kind, name, access, origins }),
        printNewKey,
      );
    });

  keys
    .command('roll')
    .argument('<keyId>')
    .description('makes a key in the place of another; its text is shown this once')
    .option(
      '--overlap-seconds <seconds>',
      'how long the old one lives on; a day, unless said otherwise',
      wholeNumber,
    )
    .option('--yes', 'do not ask')
    .action((keyId: string, _, command: Command) => {
      const options = command.optsWithGlobals<RollOptions>();
      const { overlapSeconds, yes } = options;
      return answering(
        world,
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
    .description('ends a key; every server refuses it within five seconds')
    .option('--yes', 'do not ask')
    .action((keyId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      return answering(
        world,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `End ${keyId}? Whatever uses it stops working.`, options.yes);
          await parley.trpc.key.revoke.mutate({ keyId });
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
    ['LAST USED (UTC)', ({ lastUsedAt }) => moment(lastUsedAt)],
    ['STATE', stateOf],
  ]);
}

function stateOf({ revokedAt, expiresAt }: Key): string {
  if (revokedAt !== undefined) return 'revoked';
  if (expiresAt === undefined) return 'works';
  return `${Date.parse(expiresAt) > Date.now() ? 'until' : 'expired'} ${moment(expiresAt)}`;
}

function printNewKey({ id, key, warning }: NewKey, terminal: Terminal): void {
  terminal.print(key);
  terminal.say(`This is ${id}. It is shown this once: keep it.`);
  if (warning) terminal.say(warning);
}
