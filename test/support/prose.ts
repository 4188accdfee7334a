import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Argument, parseSync, type StringLiteral, type TemplateLiteral, Visitor } from 'oxc-parser';

const root = resolve(import.meta.dirname, '../..');

/** A comment or the name of a test, with its place in the repository. */
export interface Prose {
  readonly place: string;
  readonly text: string;
}

/** The comments and the names of tests in all TypeScript files that are in the index of the repository. */
export function readProse(): { readonly comments: readonly Prose[]; readonly testNames: readonly Prose[] } {
  const list = execFileSync('git', ['ls-files', '-z', '--', '*.ts', '*.tsx'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = list.split('\0').filter((path) => path !== '');
  const prose = files.map(proseOf);
  return {
    comments: prose.flatMap(({ comments }) => comments),
    testNames: prose.flatMap(({ testNames }) => testNames),
  };
}

function proseOf(path: string) {
  const text = readFileSync(join(root, path), 'utf8');
  const { program, comments } = parseSync(path, text);
  const at = (offset: number) => `${path}:${text.slice(0, offset).split('\n').length}`;
  const testNames: Prose[] = [];
  new Visitor({
    CallExpression({ callee, arguments: [name] }) {
      if (!name || !isText(name) || !/^(?:test|it|longTest)\b/.test(text.slice(callee.start, callee.end)))
        return;
      testNames.push({ place: at(name.start), text: text.slice(name.start + 1, name.end - 1) });
    },
  }).visit(program);
  return {
    testNames,
    comments: comments.map(({ start, value }) => ({ place: at(start), text: plain(value) })),
  };
}

function isText(node: Argument): node is StringLiteral | TemplateLiteral {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

/** The text of a comment without the asterisks of its lines. */
function plain(comment: string): string {
  return comment
    .replace(/\n\s*\*/g, '\n')
    .replace(/^\*+/, '')
    .trim();
}
