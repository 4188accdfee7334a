import type { ElementContent, Nodes, Root } from 'hast';

/** Letters between which a line does not break by itself. */
const WORD = /[\u0021-\u1fff\u2010-\u206f]+/g;
const pieceLength = 500;

/**
 * Cuts long words into pieces between which a line may break. The time that a browser takes to lay a word out grows
 * with the square of its length: seconds for 60,000 letters.
 */
export function cutLongWords(text: string): readonly string[] {
  const pieces: string[] = [];
  let copied = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    for (let at = index + pieceLength; at < index + word.length; at += pieceLength) {
      pieces.push(text.slice(copied, at));
      copied = at;
    }
  }
  pieces.push(text.slice(copied));
  return pieces;
}

/** Lets lines break within the long words of a tree. Code scrolls instead. */
export function breakLongWords(root: Root): void {
  visit(root);
}

function visit(parent: Nodes): void {
  if (!('children' in parent) || (parent.type === 'element' && parent.tagName === 'pre')) return;
  const isLong = (child: Nodes) => child.type === 'text' && child.value.length > pieceLength;
  if (parent.children.some(isLong))
    parent.children = (parent.children as ElementContent[]).flatMap((child) =>
      child.type === 'text' ? withBreaks(child.value) : [child],
    );
  for (const child of parent.children) visit(child);
}

function withBreaks(text: string): ElementContent[] {
  return cutLongWords(text).flatMap((value, index): ElementContent[] => [
    ...(index > 0 ? [{ type: 'element' as const, tagName: 'wbr', properties: {}, children: [] }] : []),
    { type: 'text', value },
  ]);
}
