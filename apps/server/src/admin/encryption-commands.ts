import type { Database, EncryptionStatus } from '@parley/db';
import type { Command } from 'commander';
import { encryptionOptions, keyFileOf, makeKeyFile } from '../encryption-keys.ts';
import { readEnv } from '../env.ts';
import { withDatabase } from './act.ts';
import { example } from './example.ts';

/** Adds `admin encryption`: the encryption of secrets in the database. */
export function addEncryptionCommands(program: Command): void {
  const encryption = program
    .command('encryption')
    .description(
      'the encryption of signing secrets, tool headers and the key of visitors’ cookies in the database',
    );

  encryption
    .command('status')
    .description('shows whether secrets are encrypted, the id of the key, and the number of secrets per key')
    .addHelpText('after', example('encryption status'))
    .action(() => print(({ encryption: control }) => control.status()));

  encryption
    .command('on')
    .requiredOption('--yes', 'confirms that no server of release 0.1.0 runs on this database, now or later')
    .description('encrypts all secrets now; servers do it by themselves once no older server is running')
    .addHelpText('after', example('encryption on --yes'))
    .action(() => print(({ encryption: control }) => control.turnOn()));

  encryption
    .command('rotate')
    .description(
      'encrypts everything with ENCRYPTION_KEY, and says when ENCRYPTION_KEY_PREVIOUS can be removed',
    )
    .addHelpText('after', example('encryption rotate'))
    .action(() => print(async ({ encryption: control }) => rotated(await control.rotate())));

  encryption
    .command('reset')
    .requiredOption(
      '--yes',
      'confirms that all signing secrets and the values of all tool headers are removed, and that visitors of the chat ' +
        'page become new visitors',
    )
    .description(
      'for a lost key: revokes all signing secrets, clears the tool headers, replaces the key of visitors’ cookies, ' +
        'and uses the new key',
    )
    .addHelpText('after', example('encryption reset --yes'))
    .action(() => print(reset));
}

async function print(verb: (database: Database) => Promise<object>): Promise<void> {
  await withDatabase(async (database) => {
    process.stdout.write(`${JSON.stringify(await verb(database))}\n`);
  });
}

function rotated(status: EncryptionStatus): object {
  const mayGo = status.secrets.underPreviousKey === 0;
  const next = mayGo
    ? 'The previous key is no longer needed. Remove ENCRYPTION_KEY_PREVIOUS from every server.'
    : 'Some secrets are still encrypted with the previous key. Run the command again.';
  return { ...status, previousKeyMayGo: mayGo, next };
}

async function reset({ encryption }: Database): Promise<object> {
  const env = readEnv();
  const { keys } = await encryptionOptions(env);
  const key = keys?.current ?? (await makeKeyFile(keyFileOf(env))).key;
  const removed = await encryption.reset(key);
  return {
    keyId: key.id,
    ...removed,
    next: 'Restart every server with this key, create new signing secrets, and set the tool headers again.',
  };
}
