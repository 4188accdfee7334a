import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startEngine } from './start-engine.ts';
import { fakeSettings, makeFakeEngine } from './testing/fake-engine.ts';

const patient = new AbortController().signal;

function ask(engine: { url: string; apiKey: string }, content: string): Promise<Response> {
  return fetch(`${engine.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${engine.apiKey}` },
    body: JSON.stringify({ messages: [{ role: 'user', content }] }),
  });
}

test('an engine serves on 127.0.0.1 with its settings and requires its key', async () => {
  await using files = await makeFakeEngine('sound');
  await using engine = await startEngine({ files, settings: fakeSettings, signal: patient });
  const answer = await ask(engine, 'hello');
  expect(await answer.json()).toMatchObject({
    asked: { messages: [{ content: 'hello' }] },
    settings: {
      n_ctx: '100',
      n_predict: '20',
      chat_template: 'a template',
      hostnames: "['127.0.0.1']",
      model_alias: "{'fake-model'}",
    },
  });
  expect((await ask({ ...engine, apiKey: 'guessed' }, 'hello')).status).toBe(401);
});

test('two engines run beside each other', async () => {
  await using files = await makeFakeEngine('sound');
  await using first = await startEngine({ files, settings: fakeSettings, signal: patient });
  await using second = await startEngine({ files, settings: fakeSettings, signal: patient });
  expect(first.url).not.toBe(second.url);
  expect((await ask(first, 'hello')).status).toBe(200);
  expect((await ask(second, 'hello')).status).toBe(200);
});

test('disposing ends the process', async () => {
  await using files = await makeFakeEngine('sound');
  const engine = await startEngine({ files, settings: fakeSettings, signal: patient });
  await engine[Symbol.asyncDispose]();
  expect(() => process.kill(engine.pid, 0)).toThrow('ESRCH');
  expect(await engine.ended).toBe('the engine ended with exit code 0');
});

test('an engine ignores Ctrl-C and SIGTERM, because its parent ends it', async () => {
  await using files = await makeFakeEngine('sound');
  await using engine = await startEngine({ files, settings: fakeSettings, signal: patient });
  process.kill(engine.pid, 'SIGINT');
  process.kill(engine.pid, 'SIGTERM');
  expect((await ask(engine, 'hello')).status).toBe(200);
});

test('an engine that dies reports the reason', async () => {
  await using files = await makeFakeEngine('sound');
  await using engine = await startEngine({ files, settings: fakeSettings, signal: patient });
  await expect(ask(engine, 'die')).rejects.toThrow();
  expect(await engine.ended).toBe('the engine ended with exit code 3');
});

test('an engine does not outlive a parent that is killed', async () => {
  await using files = await makeFakeEngine('sound');
  const program = fileURLToPath(new URL('./testing/hold-engine.ts', import.meta.url));
  const parent = spawn(process.execPath, [program, JSON.stringify(files)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const { hostname, port } = new URL(line.trim());
  const connection = connect(Number(port), hostname);
  await once(connection, 'connect');
  const closed = once(connection, 'close');
  connection.on('error', () => {}).resume();
  parent.kill('SIGKILL');
  // The engine keeps the other end open until its process has ended.
  await closed;
});

test('weights that cannot be loaded are named as the reason', async () => {
  await using files = await makeFakeEngine('broken');
  await expect(startEngine({ files, settings: fakeSettings, signal: patient })).rejects.toThrow(
    'the engine ended with exit code 1: error: these weights are broken',
  );
});

test('a Python that does not run is named as the reason', async () => {
  await using files = await makeFakeEngine('sound');
  const python = join(files.engineFolder, 'no-python');
  await expect(
    startEngine({ files: { ...files, python }, settings: fakeSettings, signal: patient }),
  ).rejects.toThrow(/^it could not be started \(.*no-python ENOENT\)$/);
});

test('loading that exceeds the time limit fails and ends the process', async () => {
  await using files = await makeFakeEngine('slow');
  const starting = startEngine({ files, settings: fakeSettings, signal: patient, timeoutMs: 300 });
  await expect(starting).rejects.toThrow('it did not load within 0.3 seconds');
});

test('an aborted start ends the process, even one that does not react', async () => {
  await using files = await makeFakeEngine('sound');
  // It neither reads its standard input nor notices that it was closed.
  const python = `${files.weights}.sh`;
  await writeFile(python, '#!/bin/sh\necho "$$" >&2\nexec sleep 3600\n');
  await chmod(python, 0o755);
  const stopping = new AbortController();
  const starting = startEngine({
    files: { ...files, python },
    settings: fakeSettings,
    signal: stopping.signal,
  });
  stopping.abort(new Error('enough'));
  await expect(starting).rejects.toThrow('enough');
});
