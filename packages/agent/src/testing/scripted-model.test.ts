import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGate, type ScriptedModel, startScriptedModel } from './scripted-model.ts';
import { echoOf, status, text } from './scripts.ts';

let model: ScriptedModel;
beforeEach(async () => {
  model = await startScriptedModel();
});
afterEach(() => model.stop());

/** Sends a request to the model, and returns the status and the text of the answer. */
async function ask(message: string, signal?: AbortSignal): Promise<string> {
  const response = await fetch(`${model.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: message }], stream: true }),
    ...(signal && { signal }),
  });
  const pieces = (await response.text()).matchAll(/"content":"([^"]*)"/g);
  return `${response.status} ${[...pieces].map(([, piece]) => piece).join('')}`;
}

test('the model echoes, unless a rule or the queue says otherwise: the queue first, the latest rule next', async () => {
  model.replyAlways(text('otherwise'));
  model.replyTo(/^a/, text('older rule'));
  model.replyTo('ab', text('newer rule'));
  model.reply(status(500));
  expect(await ask('ab')).toBe('500 ');
  expect(await ask('ab')).toBe('200 newer rule');
  expect(await ask('ac')).toBe('200 older rule');
  expect(await ask('b')).toBe('200 otherwise');
  expect(model.calls().map(({ message }) => message)).toEqual(['ab', 'ab', 'ac', 'b']);
});

test('the model lists one name, has every name that is asked for, and counts neither as a call', async () => {
  const get = async (path: string) => (await fetch(model.baseUrl + path)).json();
  expect(await get('/models')).toMatchObject({ data: [{ id: 'scripted' }] });
  expect(await get('/models/some%2Fother')).toMatchObject({ id: 'some/other' });
  expect(model.calls()).toEqual([]);
});

test('a held call waits for its gate', async () => {
  const gate = model.hold();
  const next = model.nextCall();
  let isAnswered = false;
  const answer = ask('x').finally(() => {
    isAnswered = true;
  });
  await next;
  expect(isAnswered).toBe(false);
  gate.release();
  expect(await answer).toBe(`200 ${echoOf('x')}`);
  expect(await ask('y')).toBe(`200 ${echoOf('y')}`);
});

test('an answer may wait in its middle, and reports the disconnection of the client', async () => {
  const gate = createGate();
  model.reply(async (call) => {
    call.text('one');
    await gate.released;
    call.text('two');
    call.finish();
  });
  const controller = new AbortController();
  const answer = ask('x', controller.signal).catch(() => 'disconnected');
  const call = await model.callTo('x');
  expect(await model.callTo('x')).toBe(call);
  controller.abort();
  expect(await answer).toBe('disconnected');
  await call.aborted;
  expect(call.isAborted).toBe(true);
  gate.release();
});

test('a request that calls no model gets 404, and one that breaks off is not a call', async () => {
  const { hostname, port } = new URL(model.baseUrl);
  expect((await fetch(`http://${hostname}:${port}/chat/x/events`)).status).toBe(404);
  const connection = connect(Number(port), hostname);
  connection.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"mod');
  connection.end();
  await new Promise((resolve) => connection.on('close', resolve).resume());
  expect(await ask('x')).toBe(`200 ${echoOf('x')}`);
  expect(model.calls()).toHaveLength(1);
});

test('the list of models names the one', async () => {
  const response = await fetch(`${model.baseUrl}/models`);
  expect(await response.json()).toMatchObject({ data: [{ id: 'scripted' }] });
});
