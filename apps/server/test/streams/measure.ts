import { setTimeout as delay } from 'node:timers/promises';
import { mintId } from '@parley/contract';
import { connectDatabase, type Database, mintApiKey } from '@parley/db';
import { mongo } from 'mongoose';
import { type Composition, compose } from '../../src/compose.ts';
import { createLog } from '../../src/log.ts';
import { openReplicaSet, type ReplicaSet } from '../crash/lab/replica-set.ts';

/*
 * Measures open streams: 1,000 on two servers over a replica set of three. How many database commands they cost
 * while nothing happens, and how long it takes until a revocation has ended all of them: plainly, and when the
 * primary steps down at the same time. `npm run measure-streams`
 */

const STREAMS = 1_000;
const CHATS = 250;
const IDLE_SECONDS = 20;

interface Server {
  readonly database: Database;
  readonly composition: Composition;
  readonly url: string;
  /** The number of commands to the database so far. */
  readonly commands: () => number;
}

await using set = await openReplicaSet();
await using owned = new AsyncDisposableStack();
const servers: Server[] = [];
for (let index = 0; index < 2; index++) servers.push(await startServer(set));
const [first] = servers;
if (!first) throw new Error('no server was started');

for (const isSteppedDown of [false, true]) {
  const opened = await openStreams(first.database);
  if (!isSteppedDown)
    say(`idle: ${await commandsASecond()} database commands a second, both servers together`);
  const startedAt = performance.now();
  if (isSteppedDown) await set.stepDown();
  await opened.revoke();
  const revokedAt = performance.now();
  await opened.ended;
  const seconds = ((performance.now() - revokedAt) / 1_000).toFixed(1);
  const revoking = ((revokedAt - startedAt) / 1_000).toFixed(1);
  const how = isSteppedDown ? `the primary steps down (the revocation itself took ${revoking} s)` : 'plainly';
  say(
    `revoked, ${how}: all ${STREAMS} streams ended after ${seconds} s, ${opened.withCode()} of them sent the code`,
  );
  if (isSteppedDown) await set.heal();
}
process.stdout.write('done\n');

async function startServer({ uri }: ReplicaSet): Promise<Server> {
  let count = 0;
  const original = mongo.MongoClient.prototype.connect;
  // The product does not expose its client, so it is intercepted when it connects.
  mongo.MongoClient.prototype.connect = function (this: mongo.MongoClient) {
    this.on('commandStarted', () => count++);
    return original.call(this);
  };
  const database = await connectDatabase(uri.replace('/?', '/streams?').concat('&monitorCommands=true'));
  mongo.MongoClient.prototype.connect = original;
  const composition = await compose({
    database,
    model: { endpoint: () => ({ baseUrl: 'http://127.0.0.1:9', apiKey: 'none', model: 'none' }) },
    log: createLog('silent'),
    contextTokens: 6_000,
  });
  const url = await composition.app.listen({ port: 0, host: '127.0.0.1' });
  owned.defer(async () => {
    await composition.close(0);
    await database.close();
  });
  return { database, composition, url, commands: () => count };
}

/** Opens the streams, half on each server, with one key over few chats; each is read to its end. */
async function openStreams({ stores }: Database) {
  const scope = { team: mintId('team') };
  await stores.teams.create({ id: scope.team, name: 'Team' });
  const key = mintApiKey('secret');
  await stores.apiKeys.create(scope, key);
  const [info] = await stores.apiKeys.list(scope, 1);
  const chats: string[] = [];
  for (let index = 0; index < CHATS; index++) {
    chats.push((await stores.chats.create(scope, { agent: mintId('agent'), agentType: 'support' })).id);
  }
  let withCode = 0;
  const ends: Promise<void>[] = [];
  for (let index = 0; index < STREAMS; index++) {
    const { url = '' } = servers[index % servers.length] ?? {};
    const response = await fetch(`${url}/chat/${chats[index % CHATS]}/events`, {
      headers: { 'x-api-key': key },
    });
    if (response.status !== 200) throw new Error(`a stream was answered ${response.status}`);
    ends.push(
      response.text().then((text) => {
        if (text.includes('"code":"unauthorized"')) withCode++;
      }),
    );
  }
  return {
    ended: Promise.all(ends),
    withCode: () => withCode,
    /** Repeats the write until it is acknowledged, because a primary that steps down acknowledges nothing. */
    async revoke() {
      for (;;) {
        try {
          return await stores.apiKeys.revoke(scope, info?.id ?? mintId('key'));
        } catch {
          await delay(100);
        }
      }
    },
  };
}

async function commandsASecond(): Promise<number> {
  const sum = () => servers.reduce((all, { commands }) => all + commands(), 0);
  // By then every follower polls at its longest interval.
  await delay(10_000);
  const before = sum();
  await delay(IDLE_SECONDS * 1_000);
  return Math.round((sum() - before) / IDLE_SECONDS);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
