import { markWords } from './mark-words.ts';

interface MarkedTextProps {
  readonly text: string;
  /** The searched words. */
  readonly search: string;
}

/** A text in which the words of a search are marked. */
export function MarkedText({ text, search }: MarkedTextProps) {
  let at = 0;
  return markWords(text, search).map((piece) => {
    const key = at;
    at += piece.text.length;
    return piece.isMarked ? (
      <mark key={key} className="rounded-xs bg-accent/20 text-inherit">
        {piece.text}
      </mark>
    ) : (
      <span key={key}>{piece.text}</span>
    );
  });
}
