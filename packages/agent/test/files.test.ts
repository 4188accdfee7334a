import { scripts } from '@parley/agent/testing';
import { type Id, type MessageFile, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import type { HistoryMessage } from '../src/index.ts';
import { FileContents } from '../src/model/file-contents.ts';
import { toResponsesRequest } from '../src/openai/responses/responses-request.ts';
import { startHarness } from './harness.ts';

const contents = new Map<Id<'file'>, Buffer>();

function fileOf(filename: string, mediaType: string, content: string): MessageFile {
  const id = mintId('file');
  const bytes = Buffer.from(content);
  contents.set(id, bytes);
  return { id, filename, mediaType, bytes: bytes.length };
}

const notes = fileOf('my "notes".txt', 'text/plain', 'Grüße');
const photo = fileOf('photo.png', 'image/png', 'pixels');
const invoice = fileOf('invoice.pdf', 'application/pdf', '%PDF-1.7');
const all = { accepts: ['image', 'text', 'pdf'] } as const;
const TEXT = '<file name="my \\"notes\\".txt" type="text/plain">\nGrüße\n</file>';
const base64 = (text: string) => Buffer.from(text).toString('base64');

const options = { readFile: async ({ id }: MessageFile) => contents.get(id) };
const chat = await startHarness({}, options);

async function messagesOf(messages: readonly HistoryMessage[], agent: object = all) {
  const next = chat.model.nextCall();
  await chat.start({ agent, messages }).outcome;
  return (await next).body.messages;
}

const ask = (content: string, ...files: MessageFile[]): HistoryMessage => ({ role: 'user', content, files });

describe('files in Chat Completions', () => {
  test('images, PDFs and texts are parts before the text of the message', async () => {
    expect(await messagesOf([ask('Compare.', photo, invoice, notes)])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: `data:image/png;base64,${base64('pixels')}` } },
          {
            type: 'file',
            file: {
              filename: 'invoice.pdf',
              file_data: `data:application/pdf;base64,${base64('%PDF-1.7')}`,
            },
          },
          { type: 'text', text: `${TEXT}\n\nCompare.` },
        ],
      },
    ]);
  });

  test('a message with text files alone is a text, which every server accepts', async () => {
    expect(await messagesOf([ask('Summarize.', notes)])).toEqual([
      { role: 'user', content: `${TEXT}\n\nSummarize.` },
    ]);
    expect(await messagesOf([ask('', notes)])).toEqual([{ role: 'user', content: TEXT }]);
  });

  test('the files of earlier messages are given again', async () => {
    const messages = await messagesOf([
      ask('', notes),
      { role: 'assistant', content: 'Read.' },
      { role: 'user', content: 'And?' },
    ]);
    expect(messages).toEqual([
      { role: 'user', content: TEXT },
      { role: 'assistant', content: 'Read.' },
      { role: 'user', content: 'And?' },
    ]);
  });

  test('the files of two messages in a row are in the joined message', async () => {
    expect(await messagesOf([ask('', notes), ask('Now?', notes)])).toEqual([
      { role: 'user', content: `${TEXT}\n\n${TEXT}\n\nNow?` },
    ]);
  });

  test('the text of a file counts towards the budget of the history', async () => {
    const long = fileOf('long.txt', 'text/plain', 'x'.repeat(3_000));
    const messages = await messagesOf([
      ask('old', long),
      { role: 'assistant', content: 'Read.' },
      { role: 'user', content: 'And?' },
    ]);
    expect(messages).toEqual([{ role: 'user', content: 'And?' }]);
  });

  test('a file of a kind that the agent does not accept is only named', async () => {
    expect(await messagesOf([ask('', photo)], {})).toEqual([
      { role: 'user', content: '[The file "photo.png" cannot be read.]' },
    ]);
  });

  test('a file that was deleted meanwhile is only named', async () => {
    const gone = { ...photo, id: mintId('file') };
    expect(await messagesOf([ask('See.', gone)])).toEqual([
      { role: 'user', content: '[The file "photo.png" was deleted.]\n\nSee.' },
    ]);
  });
});

test('the Responses API gets files as its own parts', () => {
  const request = {
    ...{ model: 'm', tools: [], mustAnswer: false },
    messages: [{ role: 'user', content: 'Compare.', files: [photo, invoice, notes] }],
  } as const;
  expect(toResponsesRequest(request, new Set(), contents).input).toEqual([
    {
      type: 'message',
      role: 'user',
      content: [
        {
          type: 'input_image',
          image_url: `data:image/png;base64,${base64('pixels')}`,
          detail: 'auto',
        },
        {
          type: 'input_file',
          filename: 'invoice.pdf',
          file_data: `data:application/pdf;base64,${base64('%PDF-1.7')}`,
        },
        { type: 'input_text', text: `${TEXT}\n\nCompare.` },
      ],
    },
  ]);
});

test('a message of a server that quotes the text of a file is not in the error', async () => {
  const secret = 'a text that nobody should find in a log';
  const file = fileOf('secret.txt', 'text/plain', secret);
  chat.model.reply(scripts.status(400, { message: `cannot read: ${secret}` }));
  const error = await chat.start({ messages: [ask('', file)] }).error;
  expect(error).toMatchObject({ code: 'model_refused' });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(secret);
  expect(String((error as Error).cause)).not.toContain(secret);
});

test('a file that cannot be read fails the answer, and not the process', async () => {
  const broken = await startHarness({}, { readFile: () => Promise.reject(new Error('no database')) });
  expect(await broken.start({ messages: [ask('', notes)] }).error).toMatchObject({ code: 'model_failed' });
});

describe('the memory for contents', () => {
  const sized = (bytes: number): MessageFile => ({ ...notes, id: mintId('file'), bytes });

  test('requests hold at most the bound at once, in the order in which they came', async () => {
    const files = new FileContents(async () => Buffer.alloc(1), 10);
    const started: number[] = [];
    const gates = [6, 6, 2, 100, 1].map((bytes, index) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const done = files.use([sized(bytes)], async () => {
        started.push(index);
        await promise;
      });
      return async () => {
        resolve();
        await done;
        // The next requests read their files.
        for (let turn = 0; turn < 10; turn++) await null;
      };
    });
    const [first, second, third, large, last] = gates as [
      () => Promise<void>,
      () => Promise<void>,
      () => Promise<void>,
      () => Promise<void>,
      () => Promise<void>,
    ];
    for (let turn = 0; turn < 10; turn++) await null;
    expect(started).toEqual([0]);
    await first();
    expect(started).toEqual([0, 1, 2]);
    await second();
    expect(started).toEqual([0, 1, 2]);
    await third();
    expect(started).toEqual([0, 1, 2, 3]);
    await large();
    expect(started).toEqual([0, 1, 2, 3, 4]);
    await last();
  });

  test('a request that fails frees its memory', async () => {
    const files = new FileContents(() => Promise.reject(new Error('unreadable')), 10);
    await expect(files.use([sized(10)], async () => undefined)).rejects.toThrow('unreadable');
    await expect(files.use([sized(10)], async () => undefined)).rejects.toThrow('unreadable');
  });
});
