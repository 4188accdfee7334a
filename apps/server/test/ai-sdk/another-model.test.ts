import { createGate, startScriptedModel } from '@parley/agent/testing';
import { errorRegister } from '@parley/contract';
import { readUIMessageStream, type UIMessageChunk } from 'ai';
import { afterAll, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { openPage } from './open-page.ts';
import { ParleyTransport } from './parley-transport.ts';

/* AI SDK clients while another model begins an answer again after some of its text was shown. */

const backup = await startScriptedModel();
afterAll(() => backup.stop());
const { makeTeam, model, url } = await startHarness({
  providers: new Map([['backup', { baseUrl: backup.baseUrl, apiKey: 'k' }]]),
});
const team = await makeTeam({
  models: [
    { provider: 'default', model: 'm1' },
    { provider: 'backup', model: 'm2' },
  ],
});

test('an error says that the answer begins again, and resuming shows only the text of the other model', async () => {
  const text = 'falls back';
  const [breaks, goes] = [createGate(), createGate()];
  model.replyTo(text, async (call) => {
    call.text('Half of an');
    await breaks.released;
    call.cut();
  });
  backup.replyTo(text, async (call) => {
    call.text('Quite ');
    await goes.released;
    call.text('another.');
    call.finish();
  });
  const { id } = await team.makeChat();
  const page = await openPage({ id, transport: new ParleyTransport({ url, apiKey: team.publishableKey }) });
  const sending = page.act(({ sendMessage }) => sendMessage({ text }));
  await page.until(({ lines }) => lines.at(-1) === 'assistant: Half of an');
  breaks.release();
  await sending;
  expect(page.chat.error?.message).toBe(errorRegister.answer_restarted.message);
  const going = page.act(({ resumeStream }) => resumeStream());
  await page.until(({ chat }) => chat.status === 'streaming');
  goes.release();
  await going;
  expect(page.lines).toEqual([`user: ${text}`, 'assistant: Quite another.']);
});

/** The reason why the stream ends with an error instead of continuing with a new text part. */
test('the client of the ai package keeps a text part that ended, so a new one would follow the voided text', async () => {
  const chunks: UIMessageChunk[] = [
    { type: 'start', messageId: 'msg_1' },
    { type: 'text-start', id: '1' },
    { type: 'text-delta', id: '1', delta: 'Half of an' },
    { type: 'text-end', id: '1' },
    { type: 'data-snapshot', data: { text: '' }, transient: true },
    { type: 'text-start', id: '2' },
    { type: 'text-delta', id: '2', delta: 'Quite another.' },
    { type: 'text-end', id: '2' },
    { type: 'finish' },
  ];
  let shown: unknown;
  for await (const { parts } of readUIMessageStream({ stream: ReadableStream.from(chunks) })) {
    shown = parts.flatMap((part) => (part.type === 'text' ? part.text : []));
  }
  expect(shown).toEqual(['Half of an', 'Quite another.']);
});
