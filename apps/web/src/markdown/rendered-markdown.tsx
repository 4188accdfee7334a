import { memo, useMemo } from 'react';
import { lazyModule } from '../lib/lazy-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';
import { MarkdownBlock } from './markdown-block.tsx';
import { splitBlocks } from './split-blocks.ts';

export interface MarkdownProps {
  readonly text: string;
  /** The text still grows: what is open at its end is closed for now, so that nothing jumps. */
  readonly isGrowing: boolean;
}

const mending = lazyModule(async () => (await import('remend')).default);

/** What a model wrote: no HTML, no foreign images, and only addresses that are safe to open. */
export const RenderedMarkdown = memo(function RenderedMarkdown({ text, isGrowing }: MarkdownProps) {
  const mend = useLazyModule(mending, isGrowing);
  const blocks = useMemo(() => splitBlocks(text), [text]);
  return (
    <div className="markdown">
      {blocks.map((block, index) => (
        <MarkdownBlock
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks are never reordered, only the last one grows.
          key={index}
          text={mend && index === blocks.length - 1 ? mend(block, { linkMode: 'text-only' }) : block}
        />
      ))}
    </div>
  );
});
