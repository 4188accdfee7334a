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
    .description('how signing secrets and the headers of tools are encrypted in the database');

  encryption
    .command('status')
    .description('shows whether secrets are encrypted, with which key, and how many are not')
    .addHelpText('after', example('encryption status'))
    .action(() => print(({ encryption: control }) => control.status()));

  encryption
    .command('on')
    .requiredOption('--yes', 'that no server of release 0.1.0 runs on this database, nor will again')
    .description('encrypts all secrets now; servers do so by themselves once they see no older server')
    .addHelpText('after', example('encryption on --yes'))
    .action(() => print(({ encryption: control }) => control.turnOn()));

  encryption
    .command('rotate')
    .description('encrypts everything with ENCRYPTION_KEY, and says when ENCRYPTION_KEY_PREVIOUS may go')
    .addHelpText('after', example('encryption rotate'))
    .action(() => print(async ({ encryption: control }) => rotated(await control.rotate())));

  encryption
    .command('reset')
    .requiredOption('--yes', 'that all signing secrets and the values of all tool headers are to be removed')
    .description(
      'for a lost key: revokes all signing secrets, clears the headers of tools, takes the new key',
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
    ? 'The key before is needed no more. Remove ENCRYPTION_KEY_PREVIOUS from every server.'
    : 'Some secrets are still encrypted with the key before. Run this again.';
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
    next: 'Start every server again with this key, make new signing secrets, and send the headers of tools again.',
  };
}
