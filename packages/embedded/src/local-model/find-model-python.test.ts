import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findModelPython } from './find-model-python.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-python-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers every question with one line. */
async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

test('the first Python that is new enough is returned by its own path', async () => {
  const candidates = [
    join(folder, 'absent'),
    await program('broken', 'echo 3 13 /broken; exit 127'),
    await program('other', 'echo this is no Python'),
    await program('old', 'echo 3 9 /usr/bin/python3.9'),
    await program('good', 'echo 3 10 /opt/py thon/bin/python3.10'),
    await program('newer', 'echo 3 14 /usr/bin/python3.14'),
  ];
  expect(await findModelPython({ candidates, minorMin: 10 })).toBe('/opt/py thon/bin/python3.10');
});

test('the error names each Python that is too old', async () => {
  const old = await program('old', 'echo 3 9 /usr/bin/python3.9');
  await expect(findModelPython({ candidates: [old, join(folder, 'absent')], minorMin: 10 })).rejects.toThrow(
    `Python 3.10 or newer is needed, and ${old} is 3.9`,
  );
});

test('the error says when there is no Python', async () => {
  const absent = join(folder, 'absent');
  await expect(findModelPython({ candidates: [absent], minorMin: 10 })).rejects.toThrow(
    `Python 3.10 or newer is needed, and there is no ${absent}`,
  );
});

test('this machine’s Python is found by its common names', async () => {
  expect(await findModelPython({ minorMin: 0 })).toMatch(/^\/.*python/);
});
