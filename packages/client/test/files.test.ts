import './support/dom.ts';
import { act, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { useFiles, useMessages, useSendMessage } from '../src/react/index.ts';
import { openClient } from './support/open-client.ts';
import { renderHooks } from './support/render.tsx';

const { makeTeam, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam({ accepts: ['text', 'image'] });
const newClient = (apiKey = team.publishableKey) => openClient({ url, apiKey });

const contents = {
  png: Uint8Array.from([0x89, ...Buffer.from('PNG\r\n'), 0x1a, 0x0a, 1, 2, 3]),
  text: Uint8Array.from(Buffer.from('Grüße 🙂\n')),
};
const photo = () => new File([contents.png], 'photo.png', { type: 'image/png' });
const note = () => new File([contents.text], 'note.md');

function openHooks(client: ReturnType<typeof newClient>, chatId: string) {
  return renderHooks(client.parley, () => ({
    draft: useFiles(),
    transcript: useMessages(chatId),
    message: useSendMessage(chatId),
  })).result;
}

test('files are uploaded, shown with the message at once, and stay in the transcript', async () => {
  const { id: chatId } = await team.makeChat();
  const client = newClient();
  const result = openHooks(client, chatId);
  await waitFor(() => expect(result.current.transcript.isLoading).toBe(false));
  act(() => void result.current.draft.add([photo(), note()]));
  expect(result.current.draft).toMatchObject({
    isUploading: true,
    files: [
      { filename: 'photo.png', mediaType: 'image/png', bytes: contents.png.length, status: 'uploading' },
      { filename: 'note.md', mediaType: '', status: 'uploading' },
    ],
  });
  await waitFor(() => expect(result.current.draft.isUploading).toBe(false));
  expect(result.current.draft.files).toMatchObject([
    { status: 'uploaded', sent: 1, mediaType: 'image/png' },
    { status: 'uploaded', sent: 1, mediaType: 'text/plain' },
  ]);
  const [image, text] = result.current.draft.files.map(({ uploaded }) => uploaded?.id);
  const parts = [
    { type: 'file', url: `/file/${image}/content`, mediaType: 'image/png', filename: 'photo.png' },
    { type: 'file', url: `/file/${text}/content`, mediaType: 'text/plain', filename: 'note.md' },
  ];
  // The message is shown before the server can have it.
  client.line.down();
  act(() => void result.current.message.send('', result.current.draft.take()));
  expect(result.current.draft.files).toEqual([]);
  await waitFor(() => expect(result.current.transcript.entries[0]).toMatchObject({ content: '', parts }));
  const { key, messageId } = result.current.transcript.entries[0] as { key: string; messageId?: string };
  expect(messageId).toBeUndefined();
  client.line.up();
  await waitFor(() =>
    expect(result.current.transcript.entries).toMatchObject([
      { kind: 'user', key, messageId: expect.any(String), content: '', parts },
      { kind: 'answer', status: 'completed' },
    ]),
  );
  const { messages } = await team.trpc.message.list.query({ chatId });
  expect(messages[0]).toMatchObject({ role: 'user', content: '', parts });
  const content = await client.parley.readFile(String(image));
  expect(new Uint8Array(await content.arrayBuffer())).toEqual(contents.png);
});

test('files of an unsent message survive a reload of the page', async () => {
  const { id: chatId } = await team.makeChat();
  const before = newClient();
  const { id, filename, mediaType } = await before.parley.uploadFile(note());
  before.line.down();
  before.parley.outbox.send({ chatId, content: 'Read this.', files: [{ id, filename, mediaType }] });
  before.close();
  const after = openClient({ url, apiKey: team.publishableKey, storage: before.storage });
  const { entries } = await after.open(chatId).until(({ entries }) => entries.length === 2);
  expect(entries[0]).toMatchObject({
    content: 'Read this.',
    parts: [
      { type: 'text', text: 'Read this.' },
      { type: 'file', filename: 'note.md' },
    ],
  });
  const { messages } = await team.trpc.message.list.query({ chatId });
  expect(messages[0]?.parts?.[1]).toMatchObject({ url: `/file/${id}/content` });
});

test('a rejected file shows the error of the server, and can be tried again', async () => {
  const { result } = renderHooks(newClient().parley, useFiles);
  const archive = new File([new Uint8Array([0x50, 0x4b, 3, 4, 0, 0])], 'all.zip', {
    type: 'application/zip',
  });
  let key = '';
  act(() => {
    key = String(result.current.add([archive])[0]);
  });
  const isRefused = () =>
    expect(result.current.files).toMatchObject([
      { status: 'failed', error: { name: 'ParleyError', code: 'file_type_not_supported', status: 400 } },
    ]);
  await waitFor(isRefused);
  act(() => result.current.retry(key));
  expect(result.current.files[0]).toMatchObject({ status: 'uploading' });
  expect(result.current.files[0]?.error).toBeUndefined();
  await waitFor(isRefused);
  expect(result.current.take()).toEqual([]);
});

test('an upload whose response is lost stores one file', async () => {
  const client = newClient();
  client.line.loseAnswer('/file');
  const { id } = await client.parley.uploadFile(note());
  const keys = client.line.to('/file').map(({ headers }) => headers.get('idempotency-key'));
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  expect(await client.parley.trpc.file.get.query({ fileId: id })).toMatchObject({ filename: 'note.md' });
});

test('removing a file cancels its upload, or deletes it from the server', async () => {
  const client = newClient();
  const { result } = renderHooks(client.parley, useFiles);
  client.line.fail('/file', () => new Promise(() => undefined));
  let key = '';
  act(() => {
    key = String(result.current.add([note()])[0]);
  });
  await waitFor(() => expect(client.line.to('/file')).toHaveLength(1));
  act(() => result.current.remove(key));
  expect(result.current.files).toEqual([]);
  expect(client.line.to('/file')[0]?.init.signal?.aborted).toBe(true);

  act(() => {
    key = String(result.current.add([note()])[0]);
  });
  await waitFor(() => expect(result.current.files[0]?.status).toBe('uploaded'));
  const fileId = String(result.current.files[0]?.uploaded?.id);
  act(() => result.current.remove(key));
  expect(result.current.files).toEqual([]);
  await expect
    .poll(() => client.parley.trpc.file.get.query({ fileId }).catch(({ data }) => data.apiError.code))
    .toBe('file_not_found');
});

test('an upload rejects with the reason of its signal', async () => {
  const client = newClient();
  const canceled = new AbortController();
  client.line.fail('/file', () => new Promise(() => undefined));
  const upload = client.parley.uploadFile(note(), { signal: canceled.signal });
  canceled.abort(new Error('not this one'));
  await expect(upload).rejects.toThrow('not this one');
});

test('an upload and a reading reject with the error of the server', async () => {
  const refused = newClient('pk_live_nobody').parley.uploadFile(note());
  await expect(refused).rejects.toMatchObject({ name: 'ParleyError', code: 'unauthorized', status: 401 });
  const missing = newClient().parley.readFile('file_01jd2m8x5qk3v7w9yb4t6r1znh');
  await expect(missing).rejects.toMatchObject({ name: 'ParleyError' });
});
