import { createGate, scripts } from '@parley/agent/testing';
import { startTcpProxy } from '@parley/db/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startHarness } from '../../server/test/harness.ts';
import { runParley, startParley } from './support/run-parley.ts';

const { url, model, makeTeam } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey };

test('answers one question from a pipe and writes only the answer to standard output', async () => {
  const run = await runParley(['chat'], { env, input: 'hi\n' });
  expect(run).toEqual({ code: 0, stdout: 'You said: hi\n', stderr: '' });
});

test('continues a chat with --message and prints one JSON value with --json', async () => {
  const { id: chatId } = await team.makeChat();
  await team.send(chatId, 'first');
  const { code, stdout } = await runParley(['chat', chatId, '--message', 'second', '--json'], { env });
  expect(code).toBe(0);
  const answer = JSON.parse(stdout);
  expect(answer).toMatchObject({ chatId, content: 'You said: second', status: 'completed' });
  const { messages } = await team.trpc.message.list.query({ chatId });
  expect(messages.map(({ content }) => content)).toEqual([
    'first',
    'You said: first',
    'second',
    'You said: second',
  ]);
  expect(messages.at(-1)?.id).toBe(answer.id);
});

test('exits with 1 and prints the error code if the answer fails', async () => {
  model.replyTo('fail', scripts.status(401));
  const run = await runParley(['chat', '--message', 'fail'], { env });
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toContain('(model_key_refused');
});

test('Ctrl-C stops the answer on the server and keeps the printed text', async () => {
  const { id: chatId } = await team.makeChat();
  model.replyTo('tell me', scripts.neverEnding('Once upon', ' a time'));
  const parley = startParley(['chat', chatId, '--message', 'tell me'], { env });
  await parley.printed('Once upon a time');
  parley.interrupt();
  const { code, stdout } = await parley.ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: 'Once upon a time\n' });
  const { messages } = await team.trpc.message.list.query({ chatId });
  expect(messages.at(-1)).toMatchObject({ content: 'Once upon a time', status: 'stopped' });
});

test('resumes an answer after the connection was interrupted', async () => {
  const proxy = await startTcpProxy(Number(new URL(url).port));
  onTestFinished(() => proxy.stop());
  const gate = createGate();
  model.replyTo('long', async (call) => {
    call.text('before ');
    await gate.released;
    call.text('and after');
    call.finish();
  });
  const parley = startParley(['chat', '--message', 'long'], {
    env: { ...env, PARLEY_URL: `http://127.0.0.1:${proxy.port}` },
  });
  await parley.printed('before');
  proxy.cut();
  gate.release();
  expect(await parley.ended).toEqual({ code: 0, stdout: 'before and after\n', stderr: '' });
});

test('requires --agent, by id or name, if there are several agents', async () => {
  const two = await makeTeam();
  await two.makeAgent({ name: 'Bob' });
  const asTwo = { ...env, PARLEY_KEY: two.secretKey };
  const unnamed = await runParley(['chat', '--message', 'hi'], { env: asTwo });
  expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('Ada, Bob') });
  for (const agent of ['bob', two.agent.id]) {
    expect(await runParley(['chat', '--message', 'hi', '--agent', agent], { env: asTwo })).toMatchObject({
      code: 0,
    });
  }
  expect(await runParley(['chat', '--message', 'hi', '--agent', 'Zoe'], { env: asTwo })).toMatchObject({
    code: 4,
  });
  expect((await two.trpc.chat.list.query({})).chats).toHaveLength(2);
});
