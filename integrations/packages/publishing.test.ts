import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { describe, expect, inject, test } from 'vitest';
import { runProgram } from '../support/run-program.ts';

const packed = inject('packed');

describe.each(packed)('$name', ({ folder, tarball, version }) => {
  test('publint finds no problem in the package', async () => {
    const { messages } = await publint({ pkgDir: folder, strict: true });
    expect(messages).toEqual([]);
  });

  test('the types of the package are found by ESM imports and match its JavaScript', async () => {
    const { code, output } = await runProgram('npm', ['run', '-s', 'attw', '--', tarball]);
    expect(code, output).toBe(0);
  });

  test('the package has a licence and depends on published versions', async () => {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const ranges: string[] = Object.values({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(ranges.filter((range) => !/^\^?\d+\.\d+\.\d+$/.test(range))).toEqual([]);
    expect(Object.keys(manifest)).not.toContain('private');
    const ours = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith('@parley/'));
    expect(ours.filter(([, range]) => range !== version)).toEqual([]);
    const licence = await readFile(join(folder, 'LICENSE'), 'utf8');
    expect(licence).toBe(await readFile(fileURLToPath(new URL('../../LICENSE', import.meta.url)), 'utf8'));
  });

  test('the package contains no tests and no sources', async () => {
    const { output } = await runProgram('tar', ['-tzf', tarball]);
    const files = output.trim().split('\n');
    expect(files.filter((file) => /test|\/src\/|(?<!\.d)\.tsx?$/.test(file))).toEqual([]);
    expect(files).toContain('package/README.md');
  });
});
