import { memo } from 'react';
import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { lazyModule } from '../lib/lazy-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';
import { components } from './components.tsx';
import { mayHoldMath, toMathMarkdown } from './math-text.ts';
import type { Plugins } from './plugins.ts';
import { remarkLineBreaks } from './remark-line-breaks.ts';
import { safeUrl } from './safe-url.ts';

const math = lazyModule(() => import('./math.ts'));
const highlighting = lazyModule(() => import('./highlighting.ts'));

/** Longer code is not highlighted, because highlighting it again with each new word would block the page. */
const highlightedLengthMax = 20_000;
const FENCED_WITH_LANGUAGE = /^\s*(?:[-*+]\s+|\d+[.)]\s+|>\s*)*(?:`{3,}|~{3,})[ \t]*\w/m;

const remarkBase: Plugins = [[remarkGfm, { singleTilde: false }], remarkLineBreaks];

/** A block of a markdown text. It is parsed again only when its text changes. */
export const MarkdownBlock = memo(function MarkdownBlock({ text }: { readonly text: string }) {
  const loadedMath = useLazyModule(math, mayHoldMath(text));
  const loadedHighlighting = useLazyModule(
    highlighting,
    text.length <= highlightedLengthMax && FENCED_WITH_LANGUAGE.test(text),
  );
  return (
    <div className="block">
      <ReactMarkdown
        components={components}
        urlTransform={(address) => safeUrl(address) ?? ''}
        remarkPlugins={[...remarkBase, ...(loadedMath?.remarkMathPlugins ?? [])]}
        rehypePlugins={[
          ...(loadedHighlighting?.rehypeHighlightPlugins ?? []),
          ...(loadedMath?.rehypeMathPlugins ?? []),
        ]}
      >
        {loadedMath ? toMathMarkdown(text) : text}
      </ReactMarkdown>
    </div>
  );
});
