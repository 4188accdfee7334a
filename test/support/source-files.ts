import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Comment, type ParseResult, parseSync } from 'oxc-parser';

const root = resolve(import.meta.dirname, '../..');

/** The folders of all packages and apps, relative to the root of the repository. */
export const packageFolders: readonly string[] = ['packages', 'apps'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => `${group}/${name}`),
);

/** A parsed TypeScript file; `path` is relative to the root of the repository. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly program: ParseResult['program'];
  readonly module: ParseResult['module'];
  readonly comments: readonly Comment[];
}

/** Parses the TypeScript files below `src` in a package, without unit tests. */
export function readSourceFiles(packageFolder: string): SourceFile[] {
  return readdirSync(join(root, packageFolder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
    .map((path) => parseSourceFile(path, readFileSync(join(root, path), 'utf8')));
}

/** Parses the text of a TypeScript file. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  return { path, text, program, module, comments };
}
