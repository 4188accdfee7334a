import type { RootContent } from 'hast';
import { toJsxRuntime } from 'hast-util-to-jsx-runtime';
import { memo, useRef, useState } from 'react';
import { Fragment, jsx, jsxs } from 'react/jsx-runtime';
import { components } from './components.tsx';
import type { BlockSource } from './parse-markdown.ts';
import { PlainText } from './plain-text.tsx';
import { useParsedBlock } from './use-parsed-block.ts';

/** A block of a markdown text. It is parsed again only when its text changes. */
export const MarkdownBlock = memo(function MarkdownBlock(source: BlockSource) {
  const block = useParsedBlock(source);
  const { ref, version } = useTranslatedBlock(source.text);
  return (
    <div key={version} ref={ref} className="block">
      {block === 'plain' ? (
        <PlainText text={source.text} />
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a block are never reordered.
        block.children.map((node, index) => <Part key={index} node={node} />)
      )}
    </div>
  );
});

/** A part has a component of its own, so that React can pause between the parts of a long block. */
const Part = memo(function Part({ node }: { readonly node: RootContent }) {
  if (node.type === 'doctype') return null;
  return toJsxRuntime(node, { Fragment, jsx, jsxs, components, ignoreInvalidStyle: true, passNode: true });
});

/**
 * A browser that translates the page replaces text nodes by `font` elements. React would go on to change the nodes
 * that are no longer shown, so a translated block that grows is built anew: its version is another one then.
 */
function useTranslatedBlock(text: string) {
  const ref = useRef<HTMLDivElement>(null);
  const [built, setBuilt] = useState({ text, version: 0 });
  if (built.text !== text) {
    const isTranslated = ref.current?.querySelector('font') != null;
    setBuilt({ text, version: built.version + (isTranslated ? 1 : 0) });
  }
  return { ref, version: built.version };
}
