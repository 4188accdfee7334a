import { createKeyInputSchema, keyAccesses, openKeyWarning } from '@parley/contract';
import { type Command, Option } from 'commander';
import { actOn } from './act.ts';
import { example } from './example.ts';

interface NewKeyOptions {
  readonly team: string;
  readonly kind: 'publishable' | 'secret';
  readonly name?: string;
  readonly access?: (typeof keyAccesses)[number];
}

/** Adds `admin key create`, for a team whose keys are lost. With a secret key, `parley keys` does the rest. */
export function addKeyCommands(program: Command): void {
  program
    .command('key')
    .description('a first key for a team; `parley keys` manages the others')
    .command('create')
    .requiredOption('--team <teamId>', 'the team of the key')
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
    .description('creates a root key, and prints its text, which cannot be shown again')
    .addHelpText('after', example('key create --team team_… --kind secret'))
    .action(createKey);
}

async function createKey({ team, ...options }: NewKeyOptions): Promise<void> {
  const { kind, name, access } = createKeyInputSchema.parse(options);
  if (kind === 'publishable' && !access) throw new Error('A publishable key needs --access.');
  if (kind === 'secret' && access) throw new Error('--access is for publishable keys.');
  const fields = { ...(name !== undefined && { name }), ...(access && { access }) };
  await actOn({ team, action: 'key create' }, async (stores, scope) => {
    const { key, info } = await stores.apiKeys.issue(scope, kind, fields);
    const warning = access === 'open' && { warning: openKeyWarning };
    return {
      answer: { teamId: scope.team, id: info.id, kind, ...fields, ...warning, key },
      target: info.id,
      details: { kind, ...(access && { access }) },
    };
  });
}
