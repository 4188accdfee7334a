import { memo, useMemo } from 'react';
import { lazyModule } from '../lib/lazy-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';
import { MarkdownBlock } from './markdown-block.tsx';
import { splitBlocks } from './split-blocks.ts';

/** A markdown text to render. */
export interface MarkdownProps {
  readonly text: string;
  /** True while the text grows. Unclosed markup at its end is closed, so that the layout does not jump. */
  readonly isGrowing: boolean;
}

const mending = lazyModule(async () => (await import('remend')).default);

/** Renders a model's markdown without HTML and images of other sites, and with safe links only. */
export const RenderedMarkdown = memo(function RenderedMarkdown({ text, isGrowing }: MarkdownProps) {
  const mend = useLazyModule(mending, isGrowing);
  const blocks = useMemo(() => splitBlocks(text), [text]);
  return (
    <div className="markdown">
      {blocks.map((block, index) => (
        <MarkdownBlock
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks are never reordered.
          key={index}
          text={mend && index === blocks.length - 1 ? mend(block, { linkMode: 'text-only' }) : block}
        />
      ))}
    </div>
  );
});
