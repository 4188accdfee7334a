import { createContext, type MouseEvent, type ReactNode, use } from 'react';
import { useTexts } from '../texts/use-texts.ts';

/** The start of the ids of a message's footnotes. Other messages have footnotes of the same names. */
export const FootnoteContext = createContext('');

const SOURCE = /^#?user-content-(fn(?:ref)?-.+)$/;

/** Returns true for the address of a footnote, or of a place that refers to one. */
export function isFootnoteAddress(address: unknown): address is string {
  return typeof address === 'string' && address.startsWith('#') && SOURCE.test(address);
}

/** Returns the id in the page of a footnote or of a place that refers to one. */
export function useFootnoteId(id: unknown): string | undefined {
  const start = use(FootnoteContext);
  const name = typeof id === 'string' ? SOURCE.exec(id)?.[1] : undefined;
  return name === undefined ? undefined : `${start}-${name}`;
}

interface FootnoteLinkProps {
  readonly address: string;
  readonly id: string | undefined;
  /** The English label of a link back. It ends with the number of the reference. */
  readonly label: string | undefined;
  readonly children: ReactNode;
}

/** Leads from a text to its footnote, or back. The address of the page stays as it is. */
export function FootnoteLink({ address, id, label, children }: FootnoteLinkProps) {
  const { text } = useTexts();
  const target = useFootnoteId(address);
  const own = useFootnoteId(id);
  const go = (event: MouseEvent) => {
    event.preventDefault();
    const element = target === undefined ? null : document.getElementById(target);
    element?.scrollIntoView({ block: 'nearest' });
    element?.focus({ preventScroll: true });
  };
  return (
    <a
      id={own}
      href={`#${target}`}
      aria-label={label && text('content.back-to-reference', { number: label.replace(/^\D+/, '') })}
      data-footnote=""
      onClick={go}
    >
      {children}
    </a>
  );
}
