import { readFileSync } from 'node:fs';
import { createGate, scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startHarness } from '../../server/test/harness.ts';
import { openParleyTerminal } from './support/parley-terminal.ts';

const { url, model, makeTeam } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey };

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

test('a conversation in a terminal matches the recording in docs/cli.md', async () => {
  model.replyTo('What is the capital of France?', scripts.text(['The capital of France', ' is Paris.']));
  model.replyTo('Tell me its history.', scripts.neverEnding('Paris began as a settlement', ' on an island'));
  const terminal = openParleyTerminal(['chat'], env);
  await terminal.shows('you › ');
  terminal.type('What is the capital of France?\r');
  await terminal.shows('Ada › The capital of France is Paris.');
  terminal.type('Tell me its history.\r');
  await terminal.shows('on an island');
  terminal.type(CTRL_C);
  await terminal.shows('(stopped)\nyou › ');
  terminal.type(CTRL_D);
  expect(await terminal.ended).toBe(0);

  const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const recorded = /```text\n\$ parley chat\n(.*?)```/s.exec(page)?.[1];
  expect(recorded).toBe(`${terminal.screen().join('\n').trimEnd()}\n`);

  const { chats } = await team.trpc.chat.list.query({});
  const { messages } = await team.trpc.message.list.query({ chatId: chats[0]?.id ?? '' });
  expect(messages.at(-1)).toMatchObject({
    content: 'Paris began as a settlement on an island',
    status: 'stopped',
  });
});

test('an answer that the length limit cut is marked as cut', async () => {
  model.replyTo('tell me everything', scripts.text('To begin with', { reason: 'length' }));
  const terminal = openParleyTerminal(['chat'], env);
  await terminal.shows('you › ');
  terminal.type('tell me everything\r');
  await terminal.shows('To begin with (cut at the length limit)\nyou › ');
  terminal.type(CTRL_D);
  expect(await terminal.ended).toBe(0);
});

test('continues a chat with its history, and asks lines that were typed ahead in order', async () => {
  const { id } = await team.makeChat();
  await team.send(id, 'before');
  const gate = createGate();
  model.replyTo('first', async (call) => {
    call.text('one, ');
    await gate.released;
    call.text('two');
    call.finish();
  });
  const terminal = openParleyTerminal(['chat', id], env);
  await terminal.shows('you › ');
  terminal.type('first\r');
  await terminal.shows('Ada › one,');
  terminal.type('second\r');
  gate.release();
  await terminal.shows('Ada › You said: second');
  await terminal.shows('second\nyou › ');
  terminal.type(CTRL_D);
  await terminal.ended;
  const talk = terminal.screen().join('\n');
  expect(talk).toContain('you\nbefore\n\nAda\nYou said: before\n');
  expect(talk).toContain('you › first\nAda › one, two\nyou › second\nAda › You said: second\n');
});

test('Ctrl-C leaves at the prompt, and on the second press while an answer is being stopped', async () => {
  const idle = openParleyTerminal(['chat'], env);
  await idle.shows('you › ');
  idle.type(CTRL_C);
  expect(await idle.ended).toBe(130);

  const held = model.hold();
  const busy = openParleyTerminal(['chat'], env);
  await busy.shows('you › ');
  busy.type('anything\r');
  await model.callTo('anything');
  busy.type(CTRL_C + CTRL_C);
  expect(await busy.ended).toBe(130);
  held.release();
});

test('asks for an agent, removes control characters from answers, and respects NO_COLOR', async () => {
  const two = await makeTeam();
  await two.makeAgent({ name: 'Bob' });
  model.replyTo('attack', scripts.text('\u001b]0;owned\u0007\u001b[2Jfine'));
  const terminal = openParleyTerminal(['chat'], { ...env, PARLEY_KEY: two.secretKey, NO_COLOR: '1' });
  await terminal.shows('Choose an agent');
  terminal.type('\u001b[B\r');
  await terminal.shows('you › ');
  terminal.type('attack\r');
  await terminal.shows('Bob › ]0;owned[2Jfine');
  expect(terminal.written()).not.toContain('\u001b]0;');
  expect(terminal.written()).toContain('Bob › ');
  terminal.type(CTRL_D);
  expect(await terminal.ended).toBe(0);
});

test('login asks for the server and the key without showing the key', async () => {
  const terminal = openParleyTerminal(['login'], { XDG_CONFIG_HOME: '/tmp/none' });
  await terminal.shows('The server');
  terminal.type(`${'\u007f'.repeat(40)}${url}\r`);
  await terminal.shows('The API key');
  terminal.type(`sk_live_wrong\r`);
  expect(await terminal.ended).toBe(3);
  expect(terminal.written()).not.toContain('sk_live_wrong');
});
