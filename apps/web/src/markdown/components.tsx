import { Square, SquareCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Components, ExtraProps } from 'react-markdown';
import { CodeBlock } from './code-block.tsx';
import { safeUrl } from './safe-url.ts';

/** The components for markdown elements. Other elements are rendered as they are. */
export const components: Components = {
  h1: ({ children }) => <Heading level={1}>{children}</Heading>,
  h2: ({ children }) => <Heading level={2}>{children}</Heading>,
  h3: ({ children }) => <Heading level={3}>{children}</Heading>,
  h4: ({ children }) => <Heading level={4}>{children}</Heading>,
  h5: ({ children }) => <Heading level={4}>{children}</Heading>,
  h6: ({ children }) => <Heading level={4}>{children}</Heading>,
  a: ({ href, children }) => <SafeLink address={href}>{children}</SafeLink>,
  img: ({ src, alt }) => (
    <SafeLink address={typeof src === 'string' ? src : undefined}>{alt ? `Image: ${alt}` : 'Image'}</SafeLink>
  ),
  pre: ({ children, node }) => <CodeBlock language={languageOf(node)}>{children}</CodeBlock>,
  table: ({ children }) => <ScrollingTable>{children}</ScrollingTable>,
  th: ({ children, style }) =>
    children ? (
      <th scope="col" style={style}>
        {children}
      </th>
    ) : (
      <td />
    ),
  input: ({ checked }) => <TaskMark isDone={checked === true} />,
};

/**
 * All headings of an answer are `h3`, one level below the headings of messages, so that the page's outline
 * never skips a level. Their sizes differ.
 */
function Heading({ level, children }: { readonly level: number; readonly children: ReactNode }) {
  return (
    <h3 className="heading" data-level={level}>
      {children}
    </h3>
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

function ScrollingTable({ children }: { readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would add a landmark to the page.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
    <div role="group" aria-label="Table" tabIndex={0} className="overflow-x-auto">
      <table>{children}</table>
    </div>
  );
}

function TaskMark({ isDone }: { readonly isDone: boolean }) {
  const Icon = isDone ? SquareCheck : Square;
  return (
    <Icon
      role="img"
      aria-label={isDone ? 'Done:' : 'To do:'}
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
