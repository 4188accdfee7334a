import { type ReactNode, useRef } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { CopyButton } from '../ui/copy-button.tsx';

interface CodeBlockProps {
  /** The language of the fence; empty if it has none. */
  readonly language: string;
  readonly children: ReactNode;
}

/** A code block with its language and a copy button. */
export function CodeBlock({ language, children }: CodeBlockProps) {
  const { text } = useTexts();
  const code = useRef<HTMLPreElement>(null);
  return (
    <figure
      className="code-block overflow-hidden rounded-2xl border border-line bg-code"
      aria-label={language ? text('content.code-in', { language }) : text('content.code')}
    >
      <figcaption className="flex items-center justify-between ps-4 pe-1 pt-1 text-xs text-ink-soft">
        <span>{language || text('content.plain-code')}</span>
        <CopyButton
          label={text('copy.code')}
          textOf={() => code.current?.textContent?.replace(/\n$/, '') ?? ''}
          className="text-sm"
        />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <pre ref={code} dir="ltr" tabIndex={0} className="-outline-offset-2 pt-1!">
        {children}
      </pre>
    </figure>
  );
}
