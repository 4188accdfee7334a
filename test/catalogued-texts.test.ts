import { type Expression, type JSXChild, type Node, Visitor } from 'oxc-parser';
import { expect, test } from 'vitest';
import { en } from '../apps/web/src/texts/en.ts';
import { parseSourceFile, readSourceFiles, type SourceFile } from './support/source-files.ts';

/*
 * The texts of the chat page come from its catalogue.
 */

/** The name of the product, and developers' messages in the console of an embedding page. */
const ALLOWED = /^Parley(?:$|:)/;
/** Attributes and properties of components whose values people see or hear. */
const TEXT_ATTRIBUTES =
  /^(?:aria-(?:label|description|roledescription|valuetext|placeholder)|alt|title|placeholder|label|text|about|hint|again)$/;
/** Functions that show or announce their arguments. */
const TEXT_FUNCTIONS = /^(?:announce|toast|toast\.\w+|usePageTitle)$/;
const SENTENCE = /^\p{Lu}\p{L}*(?:[’'-]\p{L}+)?,? \p{L}/u;

const sources = readSourceFiles('apps/web').filter(
  ({ path }) => !/\.test\.tsx?$/.test(path) && !path.startsWith('apps/web/src/texts/'),
);

test('every text of the chat page comes from the catalogue', () => {
  expect(sources.flatMap(literalTextsOf)).toEqual([]);
});

test('every text of the catalogue is used', () => {
  const used = sources.map(usedIds);
  const isUsed = (id: string) =>
    used.some(({ ids, patterns }) => ids.has(id) || patterns.some((pattern) => pattern.test(id)));
  expect(Object.keys(en).filter((id) => !isUsed(id))).toEqual([]);
});

test('the check of texts finds literals in elements, attributes, calls, returned values and sentences', () => {
  const planted = parseSourceFile(
    'planted.tsx',
    `function Planted({ isOn, text }) {
      announce('Done');
      const words = ['Take a seat'];
      if (isOn) throw new Error('This is for developers');
      if (words) return 'Ready';
      return <p title="Title" className="some class" aria-label={isOn ? 'On' : text('id')}>
        Words {isOn && 'more'} {\`and \${words}\`} {text('an.id')} … <b>{isOn ? text('id') : 'last'}</b>
      </p>;
    }`,
  );
  expect(literalTextsOf(planted).map((line) => line.replace(/^planted\.tsx:\d+: /, ''))).toEqual([
    'Done',
    'Take a seat',
    'Ready',
    'Title',
    'On',
    'Words',
    'more',
    'and ',
    'last',
  ]);
});

/** Returns the literal texts of a file that people see or hear, with their places. */
function literalTextsOf({ path, text, program }: SourceFile): string[] {
  const found = new Map<number, string>();
  const forDevelopers = new Set<number>();
  const report = (start: number, value: string) => {
    if (/\p{L}/u.test(value) && !ALLOWED.test(value.trim())) found.set(start, value);
  };
  const collect = (node: Node | null | undefined, isText = (_value: string) => true): void => {
    if (!node) return;
    if (node.type === 'Literal' && typeof node.value === 'string' && isText(node.value)) {
      report(node.start, node.value);
    } else if (node.type === 'TemplateLiteral') {
      for (const { start, value } of node.quasis) if (isText(value.raw)) report(start, value.raw);
    } else if (node.type === 'ConditionalExpression') {
      collect(node.consequent, isText);
      collect(node.alternate, isText);
    } else if (node.type === 'LogicalExpression') {
      collect(node.left, isText);
      collect(node.right, isText);
    } else if (node.type === 'JSXExpressionContainer') {
      collect(node.expression as Expression, isText);
    }
  };
  const collectChildren = (children: readonly JSXChild[]) => {
    for (const child of children) {
      if (child.type === 'JSXText') report(child.start, child.value.trim());
      else if (child.type === 'JSXExpressionContainer') collect(child);
    }
  };
  new Visitor({
    JSXElement: ({ children }) => collectChildren(children),
    JSXFragment: ({ children }) => collectChildren(children),
    JSXAttribute({ name, value }) {
      if (TEXT_ATTRIBUTES.test(text.slice(name.start, name.end))) collect(value);
    },
    CallExpression({ callee, arguments: values }) {
      if (TEXT_FUNCTIONS.test(text.slice(callee.start, callee.end)))
        for (const value of values) collect(value);
    },
    ReturnStatement({ argument }) {
      collect(argument, (value) => /^\p{Lu}/u.test(value));
    },
    NewExpression({ callee, arguments: values }) {
      if (!/Error$/.test(text.slice(callee.start, callee.end))) return;
      for (const value of values) forDevelopers.add(value.start);
    },
    Literal({ start, value }) {
      if (typeof value === 'string' && SENTENCE.test(value)) report(start, value);
    },
  }).visit(program);
  return [...found]
    .filter(([start]) => !forDevelopers.has(start))
    .sort(([a], [b]) => a - b)
    .map(([start, value]) => `${path}:${text.slice(0, start).split('\n').length}: ${value}`);
}

/** Returns the literals of a file that may be ids of texts, and patterns for the ids that it puts together. */
function usedIds({ program }: SourceFile) {
  const ids = new Set<string>();
  const patterns: RegExp[] = [];
  new Visitor({
    Literal: ({ value }) => void (typeof value === 'string' && ids.add(value)),
    TemplateLiteral({ quasis }) {
      const parts = quasis.map(({ value }) => value.raw.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      if (/^[a-z]+\\\./.test(parts[0] ?? '')) patterns.push(new RegExp(`^${parts.join('[\\w-]+')}$`));
    },
  }).visit(program);
  return { ids, patterns };
}
