import type { Declaration } from 'oxc-parser';
import { expect, test } from 'vitest';
import { packageFolders, parseSourceFile, readSourceFiles, type SourceFile } from './support/source-files.ts';

test.each(packageFolders)('%s has a docstring on every export', (folder) => {
  expect(readSourceFiles(folder).flatMap(undocumentedExportsOf)).toEqual([]);
});

test('an export without a docstring is found, even if another comment precedes it', () => {
  const text = `
    /** Has one. */
    export const documented = 1;
    export function bare() {}
    // Not a docstring.
    export class Commented {}
    /* Not a docstring either. */
    export type Type = string;
    /** Belongs to a function that is not exported. */
    function local() {}
    export const first = 1, second = 2;
    /** Has one too. */
    export interface Documented {}
    export { local };
  `;
  expect(undocumentedExportsOf(parseSourceFile('a.ts', text))).toEqual([
    'a.ts: bare',
    'a.ts: Commented',
    'a.ts: Type',
    'a.ts: first, second',
  ]);
});

/** Names the exported functions, classes, types and values of a file that no `/** … *\/` comment precedes. */
function undocumentedExportsOf({ path, text, program, comments }: SourceFile): string[] {
  const docstringEnds = comments
    .filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
    .map(({ end }) => end);
  return program.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) return [];
    const hasDocstring = docstringEnds.some(
      (end) => end <= node.start && text.slice(end, node.start).trim() === '',
    );
    return hasDocstring ? [] : [`${path}: ${namesOf(node.declaration).join(', ')}`];
  });
}

function namesOf(declaration: Declaration): string[] {
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.map(({ id }) => (id.type === 'Identifier' ? id.name : id.type));
  }
  return [
    'id' in declaration && declaration.id?.type === 'Identifier' ? declaration.id.name : declaration.type,
  ];
}
