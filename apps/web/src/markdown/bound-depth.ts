import type { Nodes, Root } from 'hast';

/** React and the browser work on nested elements by recursion, so much deeper ones would break the page. */
const depthMax = 250;

/** Throws a RangeError if a tree is nested too deeply to be shown. Removes the positions of its nodes. */
export function boundDepth(root: Root): void {
  visit(root, 0);
}

function visit(node: Nodes, depth: number): void {
  if (depth > depthMax) throw new RangeError('The text is nested too deeply');
  delete node.position;
  if (!('children' in node)) return;
  for (const child of node.children) visit(child, depth + 1);
}

const CONTAINERS = /^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))){25,}|^[ \t]{200,}(?=[^ \t\n])/m;

/** Returns true if quotes and lists are nested so deeply that already their parsing would take long. */
export function nestsDeeply(text: string): boolean {
  return CONTAINERS.test(text);
}
