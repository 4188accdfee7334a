import { endKey, toKey, toNewKey } from '@parley/api';
import {
  ApiError,
  createKeyInputSchema,
  isId,
  keyAccesses,
  keyScopes,
  limits,
  rollKeyInputSchema,
} from '@parley/contract';
import { type Command, Option } from 'commander';
import { act, actOn, scopeOf } from './act.ts';
import { example } from './example.ts';

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('API keys');

  key
    .command('create')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .addOption(
      new Option('--kind <kind>', 'for servers or for browsers')
        .choices(['secret', 'publishable'])
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'what people call it')
    .option('--origin <origin...>', 'the web origins that browsers may use it from')
    .addOption(
      new Option('--access <access>', 'of a publishable key, which needs it: whose chats it reaches').choices(
        keyAccesses,
      ),
    )
    .addOption(
      new Option('--scope <scope...>', 'of a secret key: what it may do; all, unless said').choices(
        keyScopes,
      ),
    )
    .option('--agent <agentId...>', 'the agents it reaches; all, unless said')
    .option(
      '--tokens-per-day <number>',
      'its budget, with all keys that it issues; none, unless said',
      Number,
    )
    .option('--expires-at <moment>', 'from then on it is refused (ISO 8601, UTC)')
    .description('makes a key that no other key issued, shown this once')
    .addHelpText(
      'after',
      example('key create --team team_… --kind publishable --access guest --origin https://example.com'),
    )
    .action(createKey);

  key
    .command('list')
    .requiredOption('--team <teamId>', 'whose keys')
    .description("lists a team's keys, newest first, without their texts")
    .addHelpText('after', example('key list --team team_…'))
    .action(listKeys);

  key
    .command('roll')
    .argument('<keyId>', 'the key to be replaced')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .option('--overlap-seconds <seconds>', 'how long the old key lives on', Number, limits.keyOverlapSeconds)
    .description('makes a key in the place of another, shown this once')
    .addHelpText('after', example('key roll key_… --team team_… --overlap-seconds 3600'))
    .action(rollKey);

  key
    .command('revoke')
    .argument('<keyId>', 'the key to be ended')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .option('--revoke-issued', 'also end all that it issued; always done for a key with limits', false)
    .description('ends a key; every server refuses it within five seconds')
    .addHelpText('after', example('key revoke key_… --team team_…'))
    .action(revokeKey);
}

interface NewKeyOptions {
  readonly team: string;
  readonly kind: 'publishable' | 'secret';
  readonly name?: string;
  readonly origin?: string[];
  readonly access?: string;
  readonly scope?: string[];
  readonly agent?: string[];
  readonly tokensPerDay?: number;
  readonly expiresAt?: string;
}

async function createKey({ team, ...options }: NewKeyOptions): Promise<void> {
  const { origin: origins, scope: scopes, agent: agentIds, ...rest } = options;
  const input = createKeyInputSchema.parse({ ...rest, origins, scopes, agentIds });
  const { kind } = input;
  await actOn({ team, action: 'key create' }, async (stores, scope) => {
    const fields = await toNewKey(stores.agents, scope, input);
    const { key, info } = await stores.apiKeys.issue(scope, kind, fields);
    return { teamId: scope.team, ...toKey(info), key };
  });
}

async function listKeys({ team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const keys = await stores.apiKeys.list(scope, limits.keyListMax);
    return { teamId: scope.team, keys: keys.map(toKey) };
  });
}

async function rollKey(id: string, options: { team: string; overlapSeconds: number }): Promise<void> {
  const { overlapSeconds: seconds } = options;
  const { keyId, overlapSeconds = limits.keyOverlapSeconds } = rollKeyInputSchema.parse({
    keyId: id,
    overlapSeconds: seconds,
  });
  await actOn({ team: options.team, action: 'key roll' }, async (stores, scope) => {
    if (!isId('key', keyId) || !(await stores.apiKeys.get(scope, keyId))) throw new ApiError('key_not_found');
    const until = new Date(Date.now() + overlapSeconds * 1_000);
    const issued = await stores.apiKeys.roll(scope, keyId, until);
    if (!issued) throw new ApiError('key_ended');
    return { teamId: scope.team, ...toKey(issued.info), key: issued.key };
  });
}

async function revokeKey(keyId: string, options: { team: string; revokeIssued: boolean }): Promise<void> {
  await actOn({ team: options.team, action: 'key revoke' }, async (stores, scope) => {
    const key = isId('key', keyId) ? await stores.apiKeys.get(scope, keyId) : undefined;
    if (!key) throw new ApiError('key_not_found');
    const how = { withIssued: options.revokeIssued, entry: { actor: { kind: 'admin' } } } as const;
    const { withIssued: areIssuedRevoked } = await endKey(stores, scope, key, how);
    return { teamId: scope.team, id: keyId, isRevoked: true, areIssuedRevoked };
  });
}
