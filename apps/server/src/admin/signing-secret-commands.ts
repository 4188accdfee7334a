import { toSigningSecret } from '@parley/api';
import { ApiError, createSigningSecretInputSchema, isId, limits } from '@parley/contract';
import type { Command } from 'commander';
import { act, actOn, scopeOf } from './act.ts';
import { example } from './example.ts';

export function addSigningSecretCommands(program: Command): void {
  const secret = program.command('signing-secret').description('what your servers sign user tokens with');

  secret
    .command('create')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .option(
      '--overlap-seconds <seconds>',
      'how long those before it go on to work',
      Number,
      limits.keyOverlapSeconds,
    )
    .description('makes a signing secret, shown this once')
    .addHelpText('after', example('signing-secret create --team team_… --overlap-seconds 3600'))
    .action(createSecret);

  secret
    .command('list')
    .requiredOption('--team <teamId>', 'whose secrets')
    .description('lists the signing secrets that work, newest first, without their texts')
    .addHelpText('after', example('signing-secret list --team team_…'))
    .action(listSecrets);

  secret
    .command('revoke')
    .argument('<secretId>', 'the secret to be ended')
    .requiredOption('--team <teamId>', 'the team it belongs to')
    .description('ends a signing secret; every server refuses its tokens within five seconds')
    .addHelpText('after', example('signing-secret revoke sec_… --team team_…'))
    .action(revokeSecret);
}

async function createSecret({ team, ...options }: { team: string; overlapSeconds: number }): Promise<void> {
  const { overlapSeconds = limits.keyOverlapSeconds } = createSigningSecretInputSchema.parse(options);
  await actOn({ team, action: 'signing-secret create' }, async (stores, scope) => {
    const made = await stores.signingSecrets.create(scope, new Date(Date.now() + overlapSeconds * 1_000));
    if (!made) throw new ApiError('signing_secrets_full');
    return { teamId: scope.team, ...toSigningSecret(made.info), secret: made.secret };
  });
}

async function listSecrets({ team }: { team: string }): Promise<void> {
  await act(async (stores) => {
    const scope = await scopeOf(stores, team);
    const found = await stores.signingSecrets.list(scope);
    return { teamId: scope.team, signingSecrets: found.map(toSigningSecret) };
  });
}

async function revokeSecret(secretId: string, { team }: { team: string }): Promise<void> {
  await actOn({ team, action: 'signing-secret revoke' }, async (stores, scope) => {
    const isRevoked = isId('secret', secretId) && (await stores.signingSecrets.revoke(scope, secretId));
    if (!isRevoked) throw new ApiError('signing_secret_not_found');
    return { teamId: scope.team, id: secretId, isRevoked };
  });
}
