import type { Declaration } from 'oxc-parser';
import { expect, test } from 'vitest';
import { packageFolders, readSourceFiles, type SourceFile } from './support/source-files.ts';

test.each(packageFolders)('%s has a docstring on every export', (folder) => {
  expect(readSourceFiles(folder).flatMap(undocumentedExportsOf)).toEqual([]);
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
