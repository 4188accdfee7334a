import { setTimeout as delay } from 'node:timers/promises';
import { connectDatabase, type Database, type EncryptionOptions, type UnreadableSecret } from '@parley/db';
import { encryptionOptions, oncePerDocument } from './encryption-keys.ts';
import type { Env } from './env.ts';
import { lockFolder, readLock } from './folder-lock/lock-folder.ts';
import { superviseMongo } from './supervise-mongo.ts';

/** Prints one line for the operator. */
export type Say = (line: string) => void;
type DatabaseEnv = Pick<
  Env,
  | 'MONGODB_URI'
  | 'MONGOMS_SYSTEM_BINARY'
  | 'DATA_DIR'
  | 'ENCRYPTION_KEY'
  | 'ENCRYPTION_KEY_PREVIOUS'
  | 'NODE_ENV'
> &
  Partial<Pick<Env, 'OLDER_SERVERS'>>;

/** A connected database. `close` also stops a mongod that this process started. */
export interface OpenDatabase {
  readonly uri: string;
  /** A description for people: where the data is. It contains no password. */
  readonly description: string;
  readonly database: Database;
  close(): Promise<void>;
}

const JOIN_MAX_MS = 60_000;

/**
 * Locks DATA_DIR for this process and opens the database: MONGODB_URI, or an embedded one in the folder.
 *
 * @throws Error with a sentence for the operator: the folder is in use, or the database cannot be reached
 */
export async function openDatabase(
  env: DatabaseEnv,
  say: Say,
  signal?: AbortSignal,
  encryption: Pick<EncryptionOptions, 'onUnreadable' | 'isKeyOptional'> = {},
): Promise<OpenDatabase> {
  await using owned = new AsyncDisposableStack();
  const lock = await lockFolder(env.DATA_DIR);
  owned.defer(() => lock.release());
  let uri = env.MONGODB_URI;
  let description = uri && `MongoDB at ${hostsOf(uri)}`;
  if (uri === undefined) {
    const options = { dataDir: env.DATA_DIR, systemBinary: env.MONGOMS_SYSTEM_BINARY, onProgress: say };
    const mongo = await superviseMongo({ ...options, signal });
    owned.defer(() => mongo.stop());
    uri = mongo.uri;
    description = `embedded MongoDB, data in ${env.DATA_DIR}/db`;
  }
  const database = await connect(uri, env, { ...(await encryptionOptions(env)), ...encryption });
  owned.defer(() => database.close());
  await lock.update({ mongodbUri: uri });
  const kept = owned.move();
  return { uri, description: description ?? '', database, close: () => kept.disposeAsync() };
}

/** Opens the database of the running server, or starts it as a server would. For short commands. */
export async function joinDatabase(
  env: DatabaseEnv,
  say: Say,
): Promise<Pick<OpenDatabase, 'database' | 'close'>> {
  const uri = env.MONGODB_URI ?? (await uriOfRunningServer(env.DATA_DIR));
  const encryption = { onUnreadable: oncePerDocument(sayUnreadable(say)), isKeyOptional: true };
  if (uri === undefined) return openDatabase(env, say, undefined, encryption);
  // A command creates no encryption key, because it may run on another machine than the servers.
  const { keys } = await encryptionOptions(env);
  const database = await connect(uri, env, { keys, ...encryption });
  return { database, close: () => database.close() };
}

function sayUnreadable(say: Say) {
  return ({ team, document, keyId }: UnreadableSecret) =>
    say(
      `A secret of ${document}${team && ` (team ${team})`} cannot be read: it was encrypted with the key ${keyId}.`,
    );
}

async function uriOfRunningServer(dataDir: string): Promise<string | undefined> {
  const deadline = performance.now() + JOIN_MAX_MS;
  for (;;) {
    const holder = await readLock(dataDir);
    if (!holder) return undefined;
    if (holder.mongodbUri !== undefined) return holder.mongodbUri;
    // The server is still starting, and may be downloading its database.
    if (performance.now() > deadline) throw new Error(`The server in ${dataDir} does not finish its start.`);
    await delay(200);
  }
}

async function connect(
  uri: string,
  { OLDER_SERVERS: olderServers }: DatabaseEnv,
  encryption: EncryptionOptions,
): Promise<Database> {
  try {
    return await connectDatabase(uri, { encryption, hasNoOlderServers: olderServers === 'none' });
  } catch (error) {
    throw new Error(`MongoDB at ${hostsOf(uri)} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

/** The driver quotes parts of a string that it cannot parse, which may contain a password. */
function reasonOf(error: unknown): string {
  const root = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(error instanceof Error) || !(root instanceof Error)) return 'unknown';
  if (/^(?:MongoParseError|MongoAPIError|MongoInvalidArgumentError|TypeError)$/.test(root.name)) {
    return 'the address is malformed. Percent-encode the user name and the password in it.';
  }
  return root.message;
}

/**
 * Returns the hosts of a connection string. A password that is not percent-encoded can contain any character, so
 * everything before the last `@` counts as credentials.
 */
function hostsOf(uri: string): string {
  const afterPassword = uri.slice(uri.lastIndexOf('@') + 1).replace(/^mongodb(?:\+srv)?:\/\//, '');
  return /^[^/?]+/.exec(afterPassword)?.[0] ?? 'the given address';
}
