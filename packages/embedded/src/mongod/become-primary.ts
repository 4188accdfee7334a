import { setTimeout as delay } from 'node:timers/promises';
import { type Document, MongoClient, MongoServerError } from 'mongodb';
import { MONGOD_USER, type MongodSecret } from './mongod-secret.ts';

interface BecomePrimaryOptions {
  port: number;
  /** The process that must be listening on the port. */
  pid: number;
  replicaSet: string;
  secret: MongodSecret;
  /** Aborts the wait, for example when `mongod` has ended. */
  signal: AbortSignal;
}

/**
 * Makes the `mongod` on 127.0.0.1:`port` the only member and primary of its replica set. A new replica set is initiated; one
 * that was on another port is reconfigured. Also creates the user that servers connect as: data of release 0.1.0 has no
 * users. Resolves when `mongod` accepts writes and the user exists.
 *
 * @throws Error when this takes more than a minute, or when another program listens on the port.
 */
export async function becomePrimary(options: BecomePrimaryOptions): Promise<void> {
  const { port, pid, secret, signal } = options;
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: SELECTION_MS,
    appName: 'parley-embedded',
    auth: { username: '__system', password: secret.key },
    authSource: 'local',
  });
  try {
    const command = (what: Document) => client.db('admin').command(what);
    // Nothing may be changed before this check: another mongod may have taken the port meanwhile.
    if ((await answeringPid(command)) !== pid) throw new Error(`Port ${port} was taken by another MongoDB.`);
    await electedAs(`127.0.0.1:${port}`, command, options);
    await ensureUser(command, secret.password);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await client.close();
  }
}

/** Returns the pid of the listening `mongod`, if it accepts the key. */
async function answeringPid(command: Command): Promise<number | undefined> {
  try {
    return Number((await command({ serverStatus: 1, metrics: 0, wiredTiger: 0, repl: 0 }))['pid']);
  } catch (error) {
    if (error instanceof MongoServerError && error.codeName === 'AuthenticationFailed') return undefined;
    throw error;
  }
}

/** Enough for all that a server does in its databases, and for reading the state of the deployment. */
const ROLES = ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor'];

/** Sets the password at each start, because the data may have been copied without its key. */
async function ensureUser(command: Command, password: string): Promise<void> {
  const { users } = await command({ usersInfo: MONGOD_USER });
  const verb = users.length === 0 ? 'createUser' : 'updateUser';
  await command({
    [verb]: MONGOD_USER,
    pwd: password,
    roles: ROLES,
    mechanisms: ['SCRAM-SHA-256'],
    writeConcern: { w: 'majority' },
  });
}

const SELECTION_MS = 10_000;
/**
 * An election with one member takes milliseconds. But after a change of its port `mongod` first looks for itself at the old
 * port, and waits half a minute if another program listens there and does not answer.
 */
const ELECTION_MAX_MS = 60_000;
const LOOK_EVERY_MS = 20;

type Command = (what: Document) => Promise<Document>;

async function electedAs(
  host: string,
  command: Command,
  { replicaSet, signal }: BecomePrimaryOptions,
): Promise<void> {
  const giveUpAt = performance.now() + ELECTION_MAX_MS;
  for (;;) {
    const hello = await command({ hello: 1 });
    if (hello['isWritablePrimary'] === true && hello['me'] === host) return;
    const trouble = await configure(host, command, replicaSet);
    if (performance.now() > giveUpAt) {
      throw new Error('MongoDB runs, but its replica set accepts no writes.', { cause: trouble });
    }
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

/**
 * Sends the command that the replica set's configuration needs next, if any. A `mongod` that is starting or electing rejects
 * it; then the error is returned, and the caller tries again.
 */
async function configure(host: string, command: Command, replicaSet: string): Promise<unknown> {
  try {
    const config = await currentConfig(command);
    if (!config) {
      await command({ replSetInitiate: { _id: replicaSet, members: [{ _id: 0, host }] } });
    } else if (config['members'].length !== 1 || config['members'][0].host !== host) {
      const members = [{ ...config['members'][0], host }];
      await command({
        replSetReconfig: { ...config, version: config['version'] + 1, members },
        force: true,
      });
    }
    return undefined;
  } catch (error) {
    if (error instanceof MongoServerError) return error;
    throw error;
  }
}

async function currentConfig(command: Command): Promise<Document | undefined> {
  try {
    return (await command({ replSetGetConfig: 1 }))['config'];
  } catch (error) {
    if (error instanceof MongoServerError && error.codeName === 'NotYetInitialized') return undefined;
    throw error;
  }
}
