import { limits, mintId, type UsageList } from '@parley/contract';
import { describe, expect, test, vi } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { contents, uploadForm, uploadRaw } from '../support/files.ts';

const { url, makeTeam, mongo, composition } = await startHarness({ teamFilesBytesMax: 11 * 1024 * 1024 });
const team = await makeTeam();
const other = await makeTeam();

const keyOf = ({ secretKey }: Team) => ({ 'x-api-key': secretKey });
const { stores } = composition.services;
const chunks = () => mongo.raw.collection('fileContents.chunks');
const contentOf = (id: string, by: Team = team) => fetch(`${url}/file/${id}/content`, { headers: keyOf(by) });

/** The headers of a user with their token. */
async function asUser(userId: string): Promise<Record<string, string>> {
  return { 'x-api-key': await team.guestKey(), 'x-user-token': await team.userToken(userId) };
}

describe('uploads', () => {
  test.each([
    ['png', 'image/png', 'inline'],
    ['jpeg', 'image/jpeg', 'inline'],
    ['gif', 'image/gif', 'inline'],
    ['webp', 'image/webp', 'inline'],
    ['pdf', 'application/pdf', 'attachment'],
    ['text', 'text/plain', 'attachment'],
  ] as const)(
    'a %s is recognized by its bytes, and its content comes back',
    async (name, mediaType, shown) => {
      const { status, file } = await uploadRaw(url, contents[name], {
        headers: keyOf(team),
        filename: 'Ä b.x',
      });
      expect([status, file]).toEqual([
        200,
        {
          ...{ id: expect.stringMatching(/^file_/), filename: 'Ä b.x', mediaType },
          ...{ bytes: contents[name].length, createdAt: expect.any(String) },
        },
      ]);
      const found = await team.rest('GET', `/file/${file.id}`);
      expect([found.status, found.body]).toEqual([200, file]);
      const response = await contentOf(file.id);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(contents[name]);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': name === 'text' ? 'text/plain; charset=utf-8' : mediaType,
        'content-length': String(contents[name].length),
        'content-disposition': `${shown}; filename*=UTF-8''%C3%84%20b.x`,
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
      });
    },
  );

  test('a form with one file is stored with its name and the type that it names for text', async () => {
    const form = new FormData();
    form.append('file', new Blob(['a,b\n1,2\n'], { type: 'text/csv' }), 'Übersicht.csv');
    const { status, file } = await uploadForm(url, form, keyOf(team));
    expect([status, file]).toMatchObject([
      200,
      { filename: 'Übersicht.csv', mediaType: 'text/csv', bytes: 8 },
    ]);
    expect(await (await contentOf(file.id)).text()).toBe('a,b\n1,2\n');
  });

  test('an HTML page is text, and is never sent as a page', async () => {
    const page = new TextEncoder().encode('<script>alert(1)</script>');
    const { file } = await uploadRaw(url, page, { headers: keyOf(team), mediaType: 'text/html' });
    expect(file.mediaType).toBe('text/html');
    const { headers } = await contentOf(file.id);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  test('a repetition with the same idempotency key returns the first file and stores nothing', async () => {
    const headers = { ...keyOf(team), 'idempotency-key': mintId('request') };
    const first = await uploadRaw(url, contents.png, { headers });
    const before = await chunks().countDocuments();
    const [second, third] = await Promise.all([
      uploadRaw(url, contents.png, { headers }),
      uploadRaw(url, contents.png, { headers }),
    ]);
    for (const { file, headers: answered } of [second, third]) {
      expect(file).toEqual(first.file);
      expect(answered.get('idempotent-replayed')).toBe('true');
    }
    expect(await chunks().countDocuments()).toBe(before);
  });

  test('parallel requests with one idempotency key store one file', async () => {
    const headers = { ...keyOf(team), 'idempotency-key': mintId('request') };
    const all = await Promise.all(Array.from({ length: 5 }, () => uploadRaw(url, contents.gif, { headers })));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const [id, ...others] = new Set(all.map(({ file }) => file.id));
    expect(others).toEqual([]);
    expect(
      await mongo.raw
        .collection('files')
        .countDocuments({ 'idempotency.key': { $exists: true }, _id: id as never }),
    ).toBe(1);
  });

  test.each([
    ['another content', { filename: 'a' }, contents.jpeg],
    ['another name', { filename: 'b' }, contents.png],
  ])('the same idempotency key with %s returns 422', async (_, { filename }, content) => {
    const headers = { ...keyOf(team), 'idempotency-key': mintId('request') };
    await uploadRaw(url, contents.png, { headers, filename: 'a' });
    const { status, apiError } = await uploadRaw(url, content, { headers, filename });
    expect([status, apiError.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('a user’s file is for that user and the team alone', async () => {
    const ann = await asUser('ann');
    const { status, file } = await uploadRaw(url, contents.text, { headers: ann });
    expect(status).toBe(200);
    const path = `/file/${file.id}`;
    const seenBy = async (headers: Record<string, string>) =>
      Promise.all(
        [path, `${path}/content`].map(async (one) => (await fetch(`${url}${one}`, { headers })).status),
      );
    expect(await seenBy(ann)).toEqual([200, 200]);
    expect(await seenBy(keyOf(team))).toEqual([200, 200]);
    expect(await seenBy(await asUser('ben'))).toEqual([404, 404]);
    expect(await seenBy(keyOf(other))).toEqual([404, 404]);
  });
});

describe('rejected uploads', () => {
  const rejected = async (send: () => Promise<{ status: number; apiError: { code: string } }>) => {
    const before = await Promise.all(
      [chunks(), mongo.raw.collection('files')].map((one) => one.countDocuments()),
    );
    const { status, apiError } = await send();
    await vi.waitFor(async () => {
      const after = await Promise.all(
        [chunks(), mongo.raw.collection('files')].map((one) => one.countDocuments()),
      );
      expect(after).toEqual(before);
    });
    return [status, apiError.code];
  };

  test.each([
    ['a zip file', Uint8Array.of(0x50, 0x4b, 3, 4, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0)],
    ['text in Latin-1', Uint8Array.of(0x47, 0x72, 0xfc, 0xdf, 0x65)],
    ['text with a NUL', Uint8Array.of(0x61, 0, 0x62)],
    ['half of a character at the end', Uint8Array.of(0x61, 0xf0, 0x9f)],
    ['text that becomes binary late', Uint8Array.from([...Buffer.from('x'.repeat(70_000)), 0xff])],
  ])('%s returns 400 and leaves nothing', async (_, content) => {
    const request = { headers: keyOf(team), mediaType: 'text/plain' };
    expect(await rejected(() => uploadRaw(url, content, request))).toEqual([400, 'file_type_not_supported']);
  });

  test('an empty file returns 400', async () => {
    const empty = Uint8Array.of();
    expect(await rejected(() => uploadRaw(url, empty, { headers: keyOf(team) }))).toEqual([
      400,
      'invalid_input',
    ]);
  });

  test.each([[''], ['a/b'], ['..\\x'], ['a\nb'], ['x'.repeat(256)]])(
    'the name %j returns 400',
    async (filename) => {
      const answer = () => uploadRaw(url, contents.text, { headers: keyOf(team), filename });
      expect(await rejected(answer)).toEqual([400, 'invalid_input']);
    },
  );

  test('a body of more than 10 MiB returns 413, whether or not it says its length', async () => {
    const content = new Uint8Array(limits.fileBytesMax + 1).fill(0x61);
    const stream = new Blob([content]).stream();
    for (const body of [content, stream, new Uint8Array(limits.fileBytesMax * 2)])
      expect(await rejected(() => uploadRaw(url, body, { headers: keyOf(team) }))).toEqual([
        413,
        'payload_too_large',
      ]);
  });

  test.each([
    ['a field', (form: FormData) => form.append('file', 'text')],
    ['another name', (form: FormData) => form.append('document', new Blob(['text']), 'a.txt')],
    ['nothing', () => undefined],
    [
      'two files',
      (form: FormData) => {
        for (const name of ['a.txt', 'b.txt']) form.append('file', new Blob([name]), name);
      },
    ],
  ])('a form with %s returns 400', async (_, fill) => {
    const form = new FormData();
    fill(form);
    const [status, code] = await rejected(() => uploadForm(url, form, keyOf(team)));
    expect([status, code]).toEqual([400, expect.stringMatching(/^(invalid_input|malformed_request)$/)]);
  });

  test('a form that breaks off returns 400', async () => {
    const body = new TextEncoder().encode(
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf',
    );
    const headers = { ...keyOf(team), 'content-type': 'multipart/form-data; boundary=x' };
    expect(await rejected(() => uploadForm(url, body, headers))).toEqual([400, 'malformed_request']);
  });

  test('tRPC cannot carry a content and says where to send it', async () => {
    const response = await fetch(`${url}/trpc/file.create`, {
      method: 'POST',
      headers: { ...keyOf(team), 'content-type': 'application/json' },
      body: JSON.stringify({ filename: 'a.txt', mediaType: 'text/plain', content: 'text' }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('POST /file');
  });

  test('an upload without a key, or with a key that may not write, is rejected before its body is read', async () => {
    const { body } = await team.rest<{ key: string }>('POST', '/key', {
      body: { kind: 'secret', scopes: ['chats:read'] },
    });
    expect(await rejected(() => uploadRaw(url, contents.text))).toEqual([401, 'unauthorized']);
    const headers = { 'x-api-key': body.key };
    expect(await rejected(() => uploadRaw(url, contents.text, { headers }))).toEqual([
      403,
      'key_scope_missing',
    ]);
  });
});

describe('the storage of a team', () => {
  test('the storage is shown in the usage, bounds the files, and is free again when they are deleted', async () => {
    const own = await makeTeam();
    const content = new Uint8Array(6 * 1024 * 1024).fill(0x61);
    const storage = async () => (await own.rest<UsageList>('GET', '/usage')).body.storage;
    expect(await storage()).toEqual({ bytes: 0, bytesMax: 11 * 1024 * 1024 });
    const { file } = await uploadRaw(url, content, { headers: keyOf(own) });
    expect(await storage()).toMatchObject({ bytes: content.length });
    const { status, apiError } = await uploadRaw(url, content, { headers: keyOf(own) });
    expect([status, apiError.code]).toEqual([409, 'file_storage_full']);
    expect(await storage()).toMatchObject({ bytes: content.length });
    expect((await own.rest('DELETE', `/file/${file.id}`)).status).toBe(204);
    expect(await storage()).toMatchObject({ bytes: 0 });
    expect((await own.rest('GET', `/file/${file.id}`)).status).toBe(404);
    expect((await own.rest('DELETE', `/file/${file.id}`)).status).toBe(404);
    expect((await uploadRaw(url, content, { headers: keyOf(own) })).status).toBe(200);
  });
});

describe('removal', () => {
  const left = async (id: string) =>
    Promise.all([
      mongo.raw.collection('files').countDocuments({ _id: id as never }),
      mongo.raw.collection('fileContents.files').countDocuments({ _id: id as never }),
      chunks().countDocuments({ files_id: id }),
    ]);

  test('a file that was never sent is removed after a day, and not before', async () => {
    const id = await team.makeFile();
    const at = (hours: number) => new Date(Date.now() + hours * 60 * 60 * 1_000);
    await stores.files.sweep(at(23), 1_000);
    expect(await left(id)).toEqual([1, 1, 1]);
    await stores.files.sweep(at(24.1), 1_000);
    expect(await left(id)).toEqual([0, 0, 0]);
  });

  test('an upload of a process that died is removed after a day', async () => {
    const id = await stores.files.begin({ team: team.id }, 'half.txt');
    await expect(
      stores.files.write(
        id,
        (async function* () {
          yield Buffer.alloc(600_000);
          throw new Error('the process dies');
        })(),
      ),
    ).rejects.toThrow('dies');
    expect((await left(id))[2]).toBeGreaterThan(0);
    expect((await team.rest('GET', `/file/${id}`)).status).toBe(404);
    await stores.files.sweep(new Date(Date.now() + 24.1 * 60 * 60 * 1_000), 1_000);
    expect(await left(id)).toEqual([0, 0, 0]);
  });

  test('the files of a user are removed with the user, also while one is uploaded', async () => {
    const scope = { team: team.id, user: 'zoe' };
    const done = await team.withChatsOf('zoe').makeFile();
    const open = await stores.files.begin(scope, 'secret name.txt');
    await team.rest('DELETE', '/user/zoe');
    expect(await left(done)).toEqual([0, 0, 0]);
    await stores.files.write(
      open,
      (async function* () {
        yield Buffer.from('late');
      })(),
    );
    await expect(
      stores.files.finish(scope, open, { mediaType: 'text/plain', bytes: 4 }, 1_000_000),
    ).rejects.toThrow('was removed');
    const stored = await mongo.raw.collection('files').findOne({ _id: open as never });
    expect(JSON.stringify(stored)).not.toMatch(/zoe|secret name/);
    await stores.files.sweep(new Date(Date.now() + 2 * 60 * 60 * 1_000), 1_000);
    expect(await left(open)).toEqual([0, 0, 0]);
  });

  test('the files of a guest belong to the user who claims the guest', async () => {
    const guest = await team.makeGuest();
    const key = { 'x-api-key': await team.guestKey() };
    const { file } = await uploadRaw(url, contents.text, {
      headers: { ...key, 'x-user-token': guest.token },
    });
    const eve = await asUser('eve');
    expect((await fetch(`${url}/file/${file.id}`, { headers: eve })).status).toBe(404);
    await team.rest('POST', '/guest/claim', {
      headers: eve,
      key: await team.guestKey(),
      body: { guestToken: guest.token },
    });
    expect((await fetch(`${url}/file/${file.id}`, { headers: eve })).status).toBe(200);
  });
});
