import { setTimeout as delay } from 'node:timers/promises';
import { type Document, MongoClient, MongoServerError } from 'mongodb';
import { MONGOD_USER, type MongodSecret } from './mongod-secret.ts';

interface BecomePrimaryOptions {
  port: number;
  /** Of the `mongod` that must be the one that answers there. */
  pid: number;
  replicaSet: string;
  secret: MongodSecret;
  /** Aborted when there is no more use in waiting. */
  signal: AbortSignal;
}

/**
 * Makes the `mongod` that listens on 127.0.0.1:`port` the one and primary member of its replica set: a new one
 * is initiated, one whose data knows it under another port is told the new one. Resolves when it takes writes and knows
 * the user that servers connect as; data of earlier versions, which had no users, gets it here.
 *
 * @throws Error when it does not within a minute, or when another program answers there.
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
    // Before anything is changed: another mongod may have taken the port in the very moment.
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

/** The process that answers, if it takes our key. */
async function answeringPid(command: Command): Promise<number | undefined> {
  try {
    return Number((await command({ serverStatus: 1, metrics: 0, wiredTiger: 0, repl: 0 }))['pid']);
  } catch (error) {
    if (error instanceof MongoServerError && error.codeName === 'AuthenticationFailed') return undefined;
    throw error;
  }
}

/** All that a server does in its databases, and what it may look at of the rest. */
const ROLES = ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor'];

/** Sets the password at each start: the data may have come here without the key it was made with. */
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
 * Elections of one take milliseconds. But a `mongod` that was moved to another port first looks for itself at
 * the old one, and half a minute goes by when something listens there that does not answer.
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
      throw new Error('MongoDB runs, but its replica set takes no writes.', { cause: trouble });
    }
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

/**
 * Brings the replica set's configuration nearer to what it must be. While a `mongod` starts or elects, it
 * rejects such commands for a moment; the rejection is answered, and the next look tries again.
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
