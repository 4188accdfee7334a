import { Fragment } from 'react';
import { cutLongWords } from './long-words.ts';

/** A text without any formatting. Each of its paragraphs has its own direction. */
export function PlainText({ text }: { readonly text: string }) {
  return (
    <p dir="auto" className="whitespace-pre-wrap wrap-anywhere [unicode-bidi:plaintext]">
      {cutLongWords(text).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are never reordered.
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {piece}
        </Fragment>
      ))}
    </p>
  );
}
