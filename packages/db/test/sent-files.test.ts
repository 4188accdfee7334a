import { Readable } from 'node:stream';
import { type Id, limits, mintId } from '@parley/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { createFileStore } from '../src/file/file-store.ts';
import type { ChatAccess, Scope } from '../src/index.ts';
import { removeOrphanedFiles } from '../src/migrations/remove-orphaned-files.ts';
import { newScope, newTurn } from './examples.ts';
import { intercept } from './intercept.ts';
import { connectMongoose, migrationContextOf, startDatabase } from './start-database.ts';

const db = await startDatabase('sent_files');
const connection = await connectMongoose(db);
const context = migrationContextOf(connection);
const { models } = context;
const { stores } = db;

/* Each test has the files alone: a sweep is not limited to a team. */
beforeEach(async () => {
  await db.raw.collection('files').deleteMany({});
});

async function upload(scope: Scope, content = 'text'): Promise<Id<'file'>> {
  const id = await stores.files.begin(scope, 'notes.txt');
  await stores.files.write(id, Readable.from([Buffer.from(content)]));
  await stores.files.finish(scope, id, { mediaType: 'text/plain', bytes: content.length }, 1_000_000);
  return id;
}

async function chatOf(scope: Scope): Promise<ChatAccess> {
  const { id } = await stores.chats.create(scope, {
    ...{ agent: mintId('agent'), agentType: 'support' },
    ...(scope.user !== undefined && { user: scope.user }),
  });
  const access = await stores.chats.find(scope, id);
  if (!access) throw new Error('the new chat is missing');
  return access;
}

/** A file that a message of a new chat has claimed. */
async function claimedFile() {
  const scope = newScope();
  const chat = await chatOf(scope);
  const file = await upload(scope);
  await stores.files.claim(chat, [file]);
  return { scope, chat, file };
}

/** Stores a message that names a file, as the process does that has claimed it. */
async function insertNaming(chat: ChatAccess, id: Id<'file'>, sequence = 1): Promise<void> {
  const files = [{ id, filename: 'notes.txt', mediaType: 'text/plain', bytes: 4 }];
  expect(await stores.turns.insert(chat, newTurn(chat.chat.id, sequence, { files }))).toBe('inserted');
}

const hours = (count: number, from = Date.now()) => new Date(from + count * 60 * 60 * 1_000);
const sweep = (now: Date, files = stores.files) => files.sweep(now, 1_000);
const afterTheMark = (marked: Date) => new Date(marked.getTime() + limits.expiringFileMs + 1);

async function left(id: Id<'file'>) {
  const collections = ['files', 'fileContents.files', 'fileContents.chunks'] as const;
  const [described, content, pieces] = await Promise.all(
    collections.map((name) =>
      db.raw
        .collection(name)
        .countDocuments(name === 'fileContents.chunks' ? { files_id: id } : { _id: id as never }),
    ),
  );
  return { described, content, pieces };
}
const ALL = { described: 1, content: 1, pieces: 1 };
const NOTHING = { described: 0, content: 0, pieces: 0 };

describe('a release', () => {
  test('a released file is removed 20 minutes later, unless another message of the chat names it', async () => {
    const scope = newScope();
    const chat = await chatOf(scope);
    const [alone, shared] = [await upload(scope), await upload(scope)];
    await stores.files.claim(chat, [alone, shared]);
    await insertNaming(chat, shared);
    expect(await stores.files.release(chat, [alone, shared])).toBe(2);
    await sweep(new Date());
    expect(await left(alone)).toEqual(ALL);
    await sweep(afterTheMark(new Date()));
    expect([await left(alone), await left(shared)]).toEqual([NOTHING, ALL]);
  });

  test('another chat and another team release nothing', async () => {
    const { chat, file, scope } = await claimedFile();
    const others = [await chatOf(scope), { ...chat, scope: newScope() }];
    expect(await Promise.all(others.map((other) => stores.files.release(other, [file])))).toEqual([0, 0]);
    await sweep(afterTheMark(new Date()));
    expect(await left(file)).toEqual(ALL);
  });

  test('a message that claims a released file keeps it', async () => {
    const { chat, file } = await claimedFile();
    await stores.files.release(chat, [file]);
    await stores.files.claim(chat, [file]);
    await sweep(afterTheMark(new Date()));
    expect(await left(file)).toEqual(ALL);
  });
});

describe('a claim', () => {
  test('a file belongs to the first of two chats that claim it at the same time', async () => {
    const scope = newScope();
    const [file, ...chats] = [await upload(scope), await chatOf(scope), await chatOf(scope)] as const;
    const results = await Promise.all(chats.map((chat) => stores.files.claim(chat, [file])));
    expect(results.toSorted()).toEqual(['claimed', 'in-use']);
    const winner = chats[results.indexOf('claimed')];
    expect(await stores.files.find(scope, file)).toMatchObject({ chat: winner?.chat.id });
    expect(await Promise.all(chats.map((chat) => stores.files.claim(chat, [file])))).toEqual(results);
  });

  test('a claimed file belongs to the user and the agent of the chat', async () => {
    const scope = newScope();
    const file = await upload(scope);
    const chat = await chatOf({ ...scope, user: 'ann' });
    const { agent } = chat.chat;
    expect(await stores.files.claim(chat, [file])).toBe('claimed');
    expect(await stores.files.find({ ...scope, user: 'ann', agents: [agent] }, file)).toBeDefined();
    expect(await stores.files.find({ ...scope, user: 'ben' }, file)).toBeUndefined();
  });

  test('the file of another user, an upload that goes on, and a removed file cannot be claimed', async () => {
    const scope = newScope();
    const chat = await chatOf({ ...scope, user: 'ann' });
    const removed = await upload(scope);
    await stores.files.remove(scope, removed);
    for (const file of [
      await upload({ ...scope, user: 'ben' }),
      await stores.files.begin(scope, 'a'),
      removed,
    ])
      expect(await stores.files.claim(chat, [file])).toBe('missing');
    expect(await stores.files.claim(await chatOf(newScope()), [await upload(scope)])).toBe('missing');
  });

  test('a deletion and a claim at the same time leave either a claimed file or none', async () => {
    const scope = newScope();
    const chat = await chatOf(scope);
    for (let round = 0; round < 20; round++) {
      const file = await upload(scope);
      const [claimed, removed] = await Promise.all([
        stores.files.claim(chat, [file]),
        stores.files.remove(scope, file),
      ]);
      expect([
        ['claimed', 'in-use'],
        ['missing', 'removed'],
      ]).toContainEqual([claimed, removed]);
      expect(await left(file)).toEqual(claimed === 'claimed' ? ALL : NOTHING);
    }
  });
});

describe('the sweep', () => {
  test('a sent file stays, and one whose message was rejected is removed within 25 hours', async () => {
    const scope = newScope();
    const chat = await chatOf(scope);
    const [sent, rejected] = [await upload(scope), await upload(scope)];
    await stores.files.claim(chat, [sent, rejected]);
    await insertNaming(chat, sent);
    const marked = hours(24.1);
    await sweep(marked);
    expect([await left(sent), await left(rejected)]).toEqual([ALL, ALL]);
    await sweep(afterTheMark(marked));
    expect([await left(sent), await left(rejected)]).toEqual([ALL, NOTHING]);
    expect(afterTheMark(marked).getTime()).toBeLessThan(hours(25).getTime());
    await sweep(hours(1_000));
    await sweep(hours(2_000));
    expect(await left(sent)).toEqual(ALL);
  });

  test('a message that claimed a file before the mark and is stored after it keeps the file', async () => {
    const { chat, file } = await claimedFile();
    const marked = hours(24.1);
    await sweep(marked);
    await insertNaming(chat, file);
    await sweep(afterTheMark(marked));
    expect(await left(file)).toEqual(ALL);
  });

  test('a message that claims a marked file keeps it, although it is stored only after the look for turns', async () => {
    const { chat, file, scope } = await claimedFile();
    const marked = hours(24.1);
    await sweep(marked);
    // The claim comes between the look for turns and the removal.
    const turns = intercept(models.turns, 'exists', async (proceed) => {
      const found = await proceed();
      expect(await stores.files.claim(chat, [file])).toBe('claimed');
      return found;
    });
    await sweep(afterTheMark(marked), createFileStore({ ...models, turns }));
    expect(await left(file)).toEqual(ALL);
    await insertNaming(chat, file);
    expect(await stores.files.find(scope, file)).toMatchObject({ chat: chat.chat.id });
  });

  test('a file that was claimed between the search and the removal of an unsent one stays', async () => {
    const scope = newScope();
    const chat = await chatOf(scope);
    const file = await upload(scope);
    const files = intercept(models.files, 'updateMany', async (proceed) => {
      await stores.files.claim(chat, [file]);
      return proceed();
    });
    await sweep(hours(24.1), createFileStore({ ...models, files }));
    expect(await left(file)).toEqual(ALL);
  });

  test('many sweeps and claims at once never remove a file that a message names', async () => {
    const scope = newScope();
    const chat = await chatOf(scope);
    const named: Id<'file'>[] = [];
    let sequence = 0;
    for (let round = 0; round < 10; round++) {
      const file = await upload(scope);
      if (round % 2 === 0) await stores.files.claim(chat, [file]);
      const marked = hours(24.1);
      if (round % 3 === 0) await sweep(marked);
      const claim = stores.files.claim(chat, [file]);
      const [result] = await Promise.all([claim, sweep(afterTheMark(marked)), sweep(afterTheMark(marked))]);
      if (result !== 'claimed') continue;
      await insertNaming(chat, file, ++sequence);
      named.push(file);
    }
    for (const file of named) expect(await left(file)).toEqual(ALL);
  });
});

describe('the removal with a chat', () => {
  test('the purge of a chat removes its files', async () => {
    const { chat, file, scope } = await claimedFile();
    await insertNaming(chat, file);
    const { id } = chat.chat;
    await stores.chats.markDeleted(scope, id);
    await stores.chats.insertMarker(id);
    await stores.chats.purge(id);
    expect(await left(file)).toEqual(NOTHING);
    expect(await stores.files.storage(scope)).toBe(0);
  });

  test('the files of a chat that an older server has deleted are found by the migration and swept', async () => {
    const scope = newScope();
    const [gone, there] = [await chatOf(scope), await chatOf(scope)];
    const [orphan, kept] = [await upload(scope), await upload(scope)];
    for (const [chat, file] of [
      [gone, orphan],
      [there, kept],
    ] as const) {
      await stores.files.claim(chat, [file]);
      await insertNaming(chat, file);
    }
    await sweep(hours(24.1));
    await sweep(afterTheMark(hours(24.1)));
    await db.raw.collection('chats').deleteOne({ _id: gone.chat.id as never });
    await db.raw.collection('turns').deleteMany({ chat: gone.chat.id });
    await sweep(hours(1_000));
    expect(await left(orphan)).toEqual(ALL);
    await removeOrphanedFiles(context);
    await removeOrphanedFiles(context);
    await sweep(afterTheMark(new Date()));
    expect([await left(orphan), await left(kept)]).toEqual([NOTHING, ALL]);
  });
});

test('unsent files of a user are counted up to the limit, without sent ones and those of others', async () => {
  const scope = newScope();
  const ann = { ...scope, user: 'ann' };
  const chat = await chatOf(ann);
  const files = [await upload(ann), await upload(ann), await upload(ann)] as const;
  await upload({ ...scope, user: 'ben' });
  await stores.files.claim(chat, [files[0]]);
  expect(await stores.files.countUnsent(ann, 10)).toBe(2);
  expect(await stores.files.countUnsent(ann, 1)).toBe(1);
  await stores.files.remove(ann, files[1]);
  expect(await stores.files.countUnsent(ann, 10)).toBe(1);
});
