import { readFile } from 'node:fs/promises';
import { mintId } from '@parley/contract';
import type {} from '@parley/embedded/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type CellResult, resultOf } from '../../apps/server/test/crash/cell/cell-result.ts';
import { readTurns } from '../../apps/server/test/crash/cell/observe.ts';
import { promisesOf } from '../../apps/server/test/crash/cell/promises.ts';
import { Scene } from '../../apps/server/test/crash/cell/scene.ts';
import { writeMessages } from '../../apps/server/test/crash/cell/writers.ts';
import { terminate } from '../../apps/server/test/crash/faults/server-faults.ts';
import type { Harm, SentMessage } from '../../apps/server/test/crash/judge/history.ts';
import { type Lab, openLab, withDatabase } from '../../apps/server/test/crash/lab/lab.ts';
import { THIS_SERVER } from '../../apps/server/test/crash/lab/server-slot.ts';
import { untilReady } from '../../apps/server/test/crash/lab/site.ts';
import { USUAL_PACE } from '../../apps/server/test/crash/lab/slow-model.ts';
import { Random } from '../../apps/server/test/crash/random.ts';
import { bounds } from '../../apps/server/test/crash/settings.ts';
import { checkOutRelease, type OldRelease } from './old-release.ts';
import { startOwnServer } from './own-servers.ts';
import { serverAt, serverOf, type World } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { expectWritten, watchFields } from './written-fields.ts';

/*
 * Release 0.1.0 and this version on one database, as during an upgrade and a rollback. Two servers start as 0.1.0; each
 * is replaced by this version and later by 0.1.0 again, while people write into chats. One checker judges all of it.
 */

const RELEASE = '0.1.0';
const END_WITHIN_MS = 60_000;
/** A busy machine loses a lease of the crash test's length; a takeover breaks no promise, and costs time. */
const LEASE_MS = 4_000;
const PEOPLE = [1, 2, 1, 2] as const;
const MESSAGES_PER_STEP = 4;

const seed = Math.floor(Math.random() * 2 ** 31);
const owned = new AsyncDisposableStack();
let release: OldRelease;
let lab: Lab;
/** Whether the second server runs this version, for the scenarios. */
let isCurrent = false;

beforeAll(async () => {
  release = owned.use(await checkOutRelease(RELEASE));
  lab = owned.use(
    await openLab({
      mongoUri: inject('mongoUri'),
      bounds: { ...bounds, leaseMs: LEASE_MS },
      endWithinMs: END_WITHIN_MS,
      pace: USUAL_PACE,
      random: new Random(seed),
      entry: release.serverEntry,
      makeTeam: release.makeTeam,
    }),
  );
});
afterAll(() => owned.disposeAsync());

/** Replaces one server by another version while people write, and waits until they have their answers. */
async function replaceUnderLoad(scene: Scene, name: string, place: 0 | 1, entry: URL) {
  const random = new Random(seed).fork(name);
  const writing = scene.chats.map((chat, index) => {
    const own = `${name}/chat-${index + 1}`;
    const size = { count: MESSAGES_PER_STEP, people: PEOPLE[index] ?? 1 };
    return writeMessages(lab, { chat, name: own, ...size }, random.fork(own));
  });
  const site = lab.sites[place];
  const replace = async (): Promise<Harm> => {
    await lab.model.called(lab.model.calls.length + 2);
    const from = Date.now();
    await site.slot.replaceBy(entry);
    await untilReady(site);
    return { from, to: Date.now(), holdsUpTurns: false };
  };
  const [harm, ...messages] = await Promise.all([replace(), ...writing]);
  return { harm, messages: messages.flat() };
}

/** Upgrades both servers and takes both back; between the two steps both versions work at once. */
async function upgradeAndBack(): Promise<CellResult> {
  const scene = await Scene.open(lab, PEOPLE.length, new Random(seed));
  const harms: Harm[] = [];
  const messages: SentMessage[] = [];
  for (const [name, place, entry] of [
    ['first-forwards', 1, THIS_SERVER],
    ['second-forwards', 0, THIS_SERVER],
    ['first-back', 1, release.serverEntry],
    ['second-back', 0, release.serverEntry],
  ] as const) {
    const step = await replaceUnderLoad(scene, name, place, entry);
    harms.push(step.harm);
    messages.push(...step.messages);
  }
  const observed = await scene.end(messages);
  const promises = { ...promisesOf(terminate, lab, harms.length), hasOlderRelease: true };
  return resultOf('upgrade-and-back', { ...observed, harms, promises }, harms.length);
}

test(`an upgrade from release ${RELEASE} and a rollback under load lose nothing, double nothing and count each answer`, async () => {
  const { turns, offences } = await upgradeAndBack();
  expect(offences, `seed ${seed}`).toEqual([]);
  expect(turns).toHaveLength(4 * PEOPLE.length * MESSAGES_PER_STEP);
  const chats = [...new Set(turns.map(({ chat }) => chat))];
  const uncounted = { isUncounted: true, chat: { $in: chats } };
  await expect.poll(() => lab.raw.collection('turns').countDocuments(uncounted), { timeout: 30_000 }).toBe(0);
  const rows = await lab.raw.collection('usage').find().toArray();
  expect(rows.reduce((sum, row) => sum + row['turns'], 0)).toBe(turns.length);
  const stored = await lab.raw
    .collection('turns')
    .find({ chat: { $in: chats } })
    .toArray();
  const spent = stored
    .flatMap(({ usage }) => usage)
    .reduce((sum, { outputTokens = 0 }) => sum + outputTokens, 0);
  expect(rows.reduce((sum, row) => sum + row['outputTokens'], 0)).toBe(spent);
  expect((await readTurns(lab, chats)).length).toBe(turns.length);
});

/** The environment of one scenario. Everything that it starts and creates ends with `own`. */
function worldOf(old: World['old'], current: World['current'], own: AsyncDisposableStack): World {
  const { raw, model, mongoUri, key, agentId } = lab;
  const checkouts = { old: release.checkout, current: new URL('../../', import.meta.url) };
  return {
    ...{ old, current, raw, model, mongoUri },
    async start(version, { key: ownKey = key, agentId: ownAgent = agentId, ...settings } = {}) {
      const modelUrl = `http://127.0.0.1:${model.port}/v1`;
      const { href: checkout } = checkouts[version];
      const server = own.use(await startOwnServer({ checkout, mongodbUri: mongoUri, modelUrl, ...settings }));
      return { ...server, ...serverAt({ key: ownKey, agentId: ownAgent }, server.url) };
    },
    async newDatabase() {
      const name = `upgrade_${mintId('request').slice(-12)}`;
      const uri = withDatabase(mongoUri, name);
      own.defer(async () => void (await raw.client.db(name).dropDatabase()));
      return { mongoUri: uri, ...(await release.makeTeam(uri)) };
    },
  };
}

for (const { name, fields, run } of scenarios) {
  test(`${name} (with release ${RELEASE})`, async () => {
    const [first, second] = lab.sites;
    if (!isCurrent) {
      await second.slot.replaceBy(THIS_SERVER);
      isCurrent = true;
    }
    await lab.ready();
    await using own = new AsyncDisposableStack();
    await using written = watchFields(lab.raw.client);
    await run(worldOf(serverOf(lab, first), serverOf(lab, second), own));
    await expectWritten(written, fields);
  });
}

test(`the list of the fields that release ${RELEASE} stores is that of its code`, async () => {
  const listed = await readFile(new URL(`fields-${RELEASE}.json`, import.meta.url), 'utf8');
  expect(JSON.parse(listed)).toEqual(await release.storedFields());
});
