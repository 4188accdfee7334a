import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFolders, parseSourceFile, readSourceFiles, type SourceFile } from './support/source-files.ts';

/** Every source file is read, which a busy machine takes its time for. */
const PATIENCE_MS = 60_000;

test(
  'no source files import each other in a circle',
  () => {
    const circles = packageFolders.flatMap((folder) => findCircles(readSourceFiles(folder)));
    expect(circles).toEqual([]);
  },
  PATIENCE_MS,
);

test('a circle of imports is found whether a file imports values, types, re-exports or loads when needed', () => {
  const files = [
    ['src/a.ts', "import { b } from './b.ts';"],
    ['src/b.ts', "export { c } from './folder/c.ts';"],
    ['src/folder/c.ts', "import type { D } from '../d.ts';"],
    ['src/d.ts', "const a = () => import('./a.ts');"],
    ['src/outside.ts', "import { a } from './a.ts';"],
    ['src/itself.ts', "export * from './itself.ts';"],
    ['src/library.ts', "import a from 'a';"],
  ] as const;
  expect(findCircles(files.map(([path, text]) => parseSourceFile(path, text)))).toEqual([
    ['src/a.ts', 'src/b.ts', 'src/folder/c.ts', 'src/d.ts'],
    ['src/itself.ts'],
  ]);
});

/** Finds the groups of files in which each file reaches every other by imports; imports of types count too. */
function findCircles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, relativeImportsOf(file)]));
  const reachable = new Map(files.map(({ path }) => [path, reachableFrom(path, imports)]));
  const circles = new Map<string, string[]>();
  for (const { path } of files) {
    const group = files
      .map((file) => file.path)
      .filter((other) => reachable.get(path)?.has(other) && reachable.get(other)?.has(path));
    if (group.length > 0) circles.set(group.join(), group);
  }
  return [...circles.values()];
}

function reachableFrom(start: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set<string>();
  const open = [...(imports.get(start) ?? [])];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    open.push(...(imports.get(path) ?? []));
  }
  return found;
}

function relativeImportsOf({ path, text, module }: SourceFile): string[] {
  const imported = module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  const reexported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
  );
  const loaded = module.dynamicImports.map(({ moduleRequest }) =>
    text.slice(moduleRequest.start + 1, moduleRequest.end - 1),
  );
  return [...imported, ...reexported, ...loaded]
    .filter((target) => target.startsWith('.'))
    .map((target) => join(dirname(path), target));
}
