import { memo, useDeferredValue, useId, useMemo } from 'react';
import { FootnoteContext } from './footnotes.tsx';
import { MarkdownBlock } from './markdown-block.tsx';
import { PlainText } from './plain-text.tsx';
import { splitBlocks } from './split-blocks.ts';

/** A markdown text to render. */
export interface MarkdownProps {
  readonly text: string;
  /** True while the text grows. */
  readonly isGrowing: boolean;
}

/** A longer text is plain first. Its blocks are rendered one after the other, and the page responds in between. */
const atOnceLengthMax = 4_000;

/** Renders a model's markdown with little HTML, without images of other sites, and with safe links only. */
export const RenderedMarkdown = memo(function RenderedMarkdown({ text, isGrowing }: MarkdownProps) {
  const isFormatted = useDeferredValue(true, text.length <= atOnceLengthMax);
  const footnotes = useId();
  const { blocks, definitions } = useMemo(() => splitBlocks(text), [text]);
  return (
    <FootnoteContext value={footnotes}>
      <div className="markdown">
        {isFormatted ? (
          blocks.map((block, index) => (
            <MarkdownBlock
              // biome-ignore lint/suspicious/noArrayIndexKey: blocks are never reordered.
              key={index}
              text={block}
              isOpen={isGrowing && index === blocks.length - 1}
              definitions={block.includes('[') ? definitions : ''}
            />
          ))
        ) : (
          <PlainText text={text} />
        )}
      </div>
    </FootnoteContext>
  );
});
