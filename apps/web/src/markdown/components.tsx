import type { Nodes } from 'hast';
import type { Components, ExtraProps } from 'hast-util-to-jsx-runtime';
import { Square, SquareCheck } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { CodeBlock } from './code-block.tsx';
import { FootnoteLink, isFootnoteAddress, useFootnoteId } from './footnotes.tsx';
import { safeUrl } from './safe-url.ts';

/** The components for markdown elements. Other elements are rendered as they are. */
export const components: Components = {
  h1: (props) => <Heading level={1} {...props} />,
  h2: (props) => <Heading level={2} {...props} />,
  h3: (props) => <Heading level={3} {...props} />,
  h4: (props) => <Heading level={4} {...props} />,
  h5: (props) => <Heading level={4} {...props} />,
  h6: (props) => <Heading level={4} {...props} />,
  a: ({ href, id, children, 'aria-label': label }) =>
    isFootnoteAddress(href) ? (
      <FootnoteLink address={href} id={id} label={label}>
        {children}
      </FootnoteLink>
    ) : (
      <SafeLink address={href}>{children}</SafeLink>
    ),
  li: ListItem,
  section: ({ children, dir }) => (
    <div className="footnotes" dir={dir}>
      {children}
    </div>
  ),
  img: ImageLink,
  figure: Formula,
  pre: ({ children, node }) => <CodeBlock language={languageOf(node)}>{children}</CodeBlock>,
  table: ({ children, dir }) => <ScrollingTable dir={dir}>{children}</ScrollingTable>,
  th: ({ children, style, dir }) =>
    children ? (
      <th scope="col" style={style} dir={dir}>
        {children}
      </th>
    ) : (
      <td />
    ),
  td: ({ children, style, dir, node }) => (
    <td style={style} dir={dir} className={node && hasLongText(node) ? 'long' : undefined}>
      {children}
    </td>
  ),
  input: ({ checked }) => <TaskMark isDone={checked === true} />,
};

/**
 * All headings of an answer are `h3`, one level below the headings of messages, so that the page's outline
 * never skips a level. Their sizes differ.
 */
function Heading({ level, children, className, dir }: HeadingProps) {
  const { text } = useTexts();
  // Only the heading of the footnotes is hidden.
  const isHidden = className === 'sr-only';
  return (
    <h3 className={isHidden ? className : 'heading'} data-level={level} dir={isHidden ? undefined : dir}>
      {isHidden ? text('content.footnotes') : children}
    </h3>
  );
}

interface HeadingProps extends Pick<ComponentProps<'h1'>, 'children' | 'className' | 'dir'> {
  readonly level: number;
}

function ListItem({ id, children, className, dir }: ComponentProps<'li'>) {
  const noteId = useFootnoteId(id);
  return (
    // A footnote takes the focus when it is jumped to.
    <li id={noteId} tabIndex={noteId === undefined ? undefined : -1} className={className} dir={dir}>
      {children}
    </li>
  );
}

/** Links open in a new tab. A link with an unsafe address is rendered as text. */
function SafeLink({
  address,
  children,
}: {
  readonly address: string | undefined;
  readonly children: ReactNode;
}) {
  const url = safeUrl(address);
  if (!url) return <span>{children}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** Images are not loaded, because that would tell another site that the answer is read. */
function ImageLink({ src, alt }: ComponentProps<'img'>) {
  const { text } = useTexts();
  return (
    <SafeLink address={typeof src === 'string' ? src : undefined}>
      {alt ? text('content.image-of', { description: alt }) : text('content.image')}
    </SafeLink>
  );
}

/** A formula in a line of its own. Markdown has no figures, so `math-plugins.ts` marks formulas as such. */
function Formula({ children, className, dir }: ComponentProps<'figure'>) {
  const { text } = useTexts();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would add a landmark to the page.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
    <span role="group" aria-label={text('content.formula')} tabIndex={0} className={className} dir={dir}>
      {children}
    </span>
  );
}

function ScrollingTable({ children, dir }: ComponentProps<'table'>) {
  const { text } = useTexts();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would add a landmark to the page.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
    <div role="group" aria-label={text('content.table')} tabIndex={0} dir={dir} className="scrolling-table">
      <table>{children}</table>
    </div>
  );
}

/** A cell with more text than this is given the width for a line of some words. */
const cellLengthMax = 24;

function hasLongText(node: Nodes): boolean {
  return textLengthOf(node) > cellLengthMax;
}

function textLengthOf(node: Nodes): number {
  if (node.type === 'text') return node.value.length;
  return 'children' in node ? node.children.reduce((sum, child) => sum + textLengthOf(child), 0) : 0;
}

function TaskMark({ isDone }: { readonly isDone: boolean }) {
  const { text } = useTexts();
  const Icon = isDone ? SquareCheck : Square;
  return (
    <Icon
      role="img"
      aria-label={text(isDone ? 'content.task-done' : 'content.task-open')}
      className="me-2 inline size-4 align-[-0.15em] text-ink-soft"
    />
  );
}

/** Returns the language in a class such as `language-ts` of the code inside a `pre`. */
function languageOf(pre: ExtraProps['node']): string {
  const code = pre?.children[0];
  const names = code?.type === 'element' ? code.properties['className'] : undefined;
  const name = Array.isArray(names) ? names.find((each) => String(each).startsWith('language-')) : undefined;
  return name === undefined ? '' : String(name).slice('language-'.length);
}
