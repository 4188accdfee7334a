interface Node {
  type: string;
  value?: string;
  data?: { hName: string };
  children?: Node[];
}

/** The elements that models write as HTML. They are shown if they have no attributes; other HTML is shown as text. */
const SHOWN = new Set(['kbd', 'sub', 'sup', 'mark', 'u', 'details', 'summary']);
/** These contain blocks, and the end of the text closes them. */
const OF_BLOCKS = new Set(['details', 'summary']);
const TAG = /<(\/?)([a-z]+)\s*(\/?)>/gi;

/** Converts some HTML elements without attributes to elements, `<br>` to line breaks, and all other HTML to text. */
export function remarkHtml() {
  return (tree: Node): void => convert(tree);
}

function convert(parent: Node): void {
  const { children } = parent;
  if (!children) return;
  if (children.some(({ type }) => type === 'html'))
    parent.children = nest(children.flatMap(piecesOf), parent);
  for (const child of children) if (child.type !== 'html') convert(child);
}

/** A part of HTML: a tag of an element that is shown, a line break, or text. */
interface Tag {
  readonly name: string;
  readonly isEnd: boolean;
  readonly source: string;
}
type Piece = Node | Tag;

function piecesOf(node: Node): Piece[] {
  if (node.type !== 'html') return [node];
  const html = node.value ?? '';
  const pieces: Piece[] = [];
  let copied = 0;
  for (const { 0: source, 1: slash, 2: tagName = '', index } of html.matchAll(TAG)) {
    const name = tagName.toLowerCase();
    if (name !== 'br' && !SHOWN.has(name)) continue;
    if (index > copied) pieces.push(textOf(html.slice(copied, index)));
    pieces.push(name === 'br' ? { type: 'break' } : { name, isEnd: slash === '/', source });
    copied = index + source.length;
  }
  if (copied < html.length) pieces.push(textOf(html.slice(copied)));
  return pieces;
}

interface Open {
  readonly tag: Tag | undefined;
  readonly children: Node[];
}

/** Puts the content between two tags into an element. A tag without a counterpart is shown as text. */
function nest(pieces: readonly Piece[], parent: Node): Node[] {
  const hasBlocks = parent.type !== 'paragraph' && isOfBlocks(parent);
  const stack: Open[] = [{ tag: undefined, children: [] }];
  const openNames = new Map<string, number>();
  const top = () => stack.at(-1) as Open;
  const close = (isWanted: boolean) => {
    const { tag, children } = stack.pop() as Open;
    if (!tag) return;
    openNames.set(tag.name, (openNames.get(tag.name) ?? 1) - 1);
    if (isWanted) top().children.push(elementOf(tag.name, children, hasBlocks));
    else top().children.push(textOf(tag.source), ...children);
  };
  for (const piece of pieces) {
    if ('type' in piece) top().children.push(piece);
    else if (!piece.isEnd) {
      stack.push({ tag: piece, children: [] });
      openNames.set(piece.name, (openNames.get(piece.name) ?? 0) + 1);
    } else if ((openNames.get(piece.name) ?? 0) > 0) {
      while (top().tag?.name !== piece.name) close(OF_BLOCKS.has(top().tag?.name ?? ''));
      close(true);
    } else top().children.push(textOf(piece.source));
  }
  while (stack.length > 1) close(OF_BLOCKS.has(top().tag?.name ?? ''));
  return hasBlocks ? inParagraphs(top().children) : top().children;
}

function elementOf(name: string, children: Node[], hasBlocks: boolean): Node {
  const isOfText = name === 'summary' || !hasBlocks;
  return {
    type: 'htmlElement',
    data: { hName: name },
    children: isOfText ? children : inParagraphs(children),
  };
}

/** Wraps text between blocks in paragraphs. */
function inParagraphs(nodes: readonly Node[]): Node[] {
  const out: Node[] = [];
  let paragraph: Node[] | undefined;
  for (const node of nodes) {
    const isText = node.type === 'text' || node.type === 'break' || isPhrase(node);
    if (!isText) paragraph = undefined;
    else if (paragraph) paragraph.push(node);
    else if (node.type !== 'text' || node.value?.trim() !== '') {
      paragraph = [node];
      out.push({ type: 'paragraph', children: paragraph });
    }
    if (!isText) out.push(node);
  }
  return out;
}

function isPhrase({ type, data }: Node): boolean {
  return type === 'htmlElement' && !OF_BLOCKS.has(data?.hName ?? '');
}

function isOfBlocks({ type }: Node): boolean {
  return ['root', 'blockquote', 'listItem', 'footnoteDefinition'].includes(type);
}

function textOf(value: string): Node {
  return { type: 'text', value };
}
