interface Node {
  type: string;
  value?: string;
  children?: Node[];
}

/**
 * Converts `<br>` to line breaks: models use it in table cells, where markdown has no alternative. No other
 * HTML is rendered.
 */
export function remarkLineBreaks() {
  return (tree: Node): void => {
    for (const node of tree.children ?? []) breakLines(node);
  };
}

function breakLines(node: Node): void {
  if (node.type === 'html' && /^<br\s*\/?>$/i.test(node.value ?? '')) {
    node.type = 'break';
    delete node.value;
  }
  for (const child of node.children ?? []) breakLines(child);
}
