import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@parley/embedded/testing';
import { mongo } from 'mongoose';
import { Mongod } from './mongod.ts';

/** A MongoDB of three nodes, whose primary can fail. */
export interface ReplicaSet extends AsyncDisposable {
  readonly uri: string;
  /** `kill -9` of the primary. */
  killPrimary(): Promise<void>;
  /** Makes the primary step down. */
  stepDown(): Promise<void>;
  /** Settles when there is a primary that all others follow; a killed node is started again. */
  heal(): Promise<void>;
}

const NAME = 'crash';
const LOOK_EVERY_MS = 20;
const HEAL_MAX_MS = 60_000;
/** How long a primary that stepped down stays out of elections, which are over by then. */
const STEP_DOWN_SECONDS = 5;
/** Seconds instead of MongoDB's ten; nothing else differs. */
const SETTINGS = { electionTimeoutMillis: 1_000, heartbeatIntervalMillis: 200 };

/** Starts three nodes; disposing of them ends them and removes their data. */
export async function openReplicaSet(): Promise<ReplicaSet> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'parley-crash-set-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const nodes: Mongod[] = [];
  for (const index of [0, 1, 2]) {
    const node = new Mongod({ folder: `${folder}/node-${index}`, port: await freePort(), replicaSet: NAME });
    owned.defer(() => node.stop());
    nodes.push(node);
  }
  await Promise.all(nodes.map((node) => node.start()));
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await initiate(nodes[0], hosts);
  const uri = `mongodb://${hosts.join(',')}/?replicaSet=${NAME}`;
  const client = await mongo.MongoClient.connect(uri, { serverSelectionTimeoutMS: HEAL_MAX_MS });
  owned.defer(() => client.close());
  const admin = client.db('admin');
  const set: Omit<ReplicaSet, typeof Symbol.asyncDispose> = {
    uri,
    async killPrimary() {
      const { me } = await admin.command({ hello: 1 });
      await nodes.find(({ port }) => me === `127.0.0.1:${port}`)?.kill();
    },
    async stepDown() {
      // It closes its connections when it ends, perhaps before it has answered.
      await admin.command({ replSetStepDown: STEP_DOWN_SECONDS, force: true }).catch(() => undefined);
    },
    async heal() {
      await Promise.all(nodes.map((node) => node.start()));
      const giveUpAt = performance.now() + HEAL_MAX_MS;
      while (!(await isWhole(admin))) {
        if (performance.now() > giveUpAt) throw new Error('the replica set does not become whole again');
        await delay(LOOK_EVERY_MS);
      }
    },
  };
  await set.heal();
  const kept = owned.move();
  return { ...set, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function initiate(first: Mongod | undefined, hosts: readonly string[]): Promise<void> {
  const client = new mongo.MongoClient(`mongodb://127.0.0.1:${first?.port}/`, { directConnection: true });
  const members = hosts.map((host, _id) => ({ _id, host }));
  try {
    await client.db('admin').command({ replSetInitiate: { _id: NAME, members, settings: SETTINGS } });
  } finally {
    await client.close();
  }
}

/** Whether there is one primary that all others follow; false if it cannot be asked. */
async function isWhole(admin: mongo.Db): Promise<boolean> {
  try {
    const { isWritablePrimary } = await admin.command({ hello: 1 });
    const { members } = await admin.command({ replSetGetStatus: 1 });
    const states = (members as { stateStr: string }[]).map(({ stateStr }) => stateStr).toSorted();
    return isWritablePrimary && states.join() === 'PRIMARY,SECONDARY,SECONDARY';
  } catch {
    return false;
  }
}
