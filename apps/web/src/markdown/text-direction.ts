import type { Nodes, Root } from 'hast';

/** The direction in which a script is written. */
type Direction = 'ltr' | 'rtl';

const LETTER = /\p{L}/u;
/** The blocks of Hebrew, Arabic, Syriac, Thaana, N’Ko, Adlam and other scripts that are written to the left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Returns the direction of the first letter; undefined for a text without letters. */
function directionOf(text: string): Direction | undefined {
  const letter = LETTER.exec(text)?.[0];
  if (letter === undefined) return undefined;
  return RIGHT_TO_LEFT.test(letter) ? 'rtl' : 'ltr';
}

const BLOCKS = new Set(
  'p h1 h2 h3 h4 h5 h6 ul ol li blockquote table th td details summary section'.split(' '),
);

/**
 * Gives each block the direction of its own text, where that differs from the surrounding one. The browser's
 * `dir="auto"` would not do: for a list it ignores the text of items that have a direction of their own.
 */
export function setDirections(root: Root): void {
  const found = new Map<Nodes, Direction>();
  findDirection(root, found);
  applyDirections(root, 'ltr', found);
}

function findDirection(node: Nodes, found: Map<Nodes, Direction>): Direction | undefined {
  if (node.type === 'text') return directionOf(node.value);
  if (!('children' in node) || isIsolated(node)) return undefined;
  let first: Direction | undefined;
  for (const child of node.children) {
    const direction = findDirection(child, found);
    first ??= direction;
  }
  if (first) found.set(node, first);
  return first;
}

function applyDirections(node: Nodes, around: Direction, found: Map<Nodes, Direction>): void {
  if (!('children' in node)) return;
  let inside = around;
  if (node.type === 'element') {
    const own = isIsolated(node) ? 'ltr' : BLOCKS.has(node.tagName) ? found.get(node) : undefined;
    inside = own ?? around;
    if (isIsolated(node) || inside !== around) node.properties['dir'] = inside;
  }
  for (const child of node.children) applyDirections(child, inside, found);
}

/** Code and formulas are written to the right in texts of every direction, and do not decide about it. */
function isIsolated(node: Nodes): boolean {
  if (node.type !== 'element') return false;
  const names = node.properties['className'];
  return (
    node.tagName === 'pre' || node.tagName === 'code' || (Array.isArray(names) && names.includes('katex'))
  );
}
