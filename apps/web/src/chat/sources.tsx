import type { MessagePart } from '@parley/contract';
import { useId } from 'react';
import { safeUrl } from '../markdown/safe-url.ts';
import { useTexts } from '../texts/use-texts.ts';

/** A web page that an answer draws on. */
export type SourcePart = Extract<MessagePart, { type: 'source-url' }>;

/** The sources of the text above, as a list of links. */
export function Sources({ sources }: { readonly sources: readonly SourcePart[] }) {
  const { text } = useTexts();
  const title = useId();
  return (
    <div className="text-sm text-ink-soft">
      <p id={title}>{text('part.sources')}</p>
      <ol aria-labelledby={title} className="list-inside list-decimal">
        {sources.map((source) => (
          <li key={source.sourceId} className="wrap-anywhere">
            <SourceLink {...source} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** A page without a title is named by its site. */
function SourceLink({ url: address, title }: SourcePart) {
  const url = safeUrl(address);
  const name = title ?? URL.parse(address)?.hostname ?? address;
  if (!url) return <span dir="auto">{name}</span>;
  return (
    <a
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      title={url}
      dir="auto"
      className="inline-block py-1 underline underline-offset-2 hover:text-ink pointer-coarse:py-2.5"
    >
      {name}
    </a>
  );
}
