import type { Declaration } from 'oxc-parser';
import { expect, test } from 'vitest';
import { packageFolders, readSourceFiles, type SourceFile } from './support/source-files.ts';

/**
 * How many exports of a package may still lack a docstring. Lower a number when you document exports; raise none. A
 * package that is not listed documents every export.
 */
const undocumentedMax: Readonly<Record<string, number>> = {
  'packages/agent': 3,
};

test.each(packageFolders)('%s has no more exports without a docstring than its budget allows', (folder) => {
  const undocumented = readSourceFiles(folder).flatMap(undocumentedExportsOf);
  const budget = undocumentedMax[folder] ?? 0;
  const advice = `Document new exports; after documenting old ones, lower the budget.\n${undocumented.join('\n')}`;
  expect(undocumented.length, advice).toBe(budget);
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
