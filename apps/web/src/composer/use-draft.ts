import { useCallback, useState } from 'react';
import { readLocal, writeLocal } from '../lib/local-store.ts';

const keyOf = (place: string) => `parley.draft.${place}`;

/** What was typed and not sent yet, kept in the browser per chat: it survives a reload. */
export function useDraft(place: string): readonly [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(() => readLocal(keyOf(place)) ?? '');
  const write = useCallback(
    (next: string) => {
      setText(next);
      writeDraft(place, next);
    },
    [place],
  );
  return [text, write];
}

/** Keeps a text as the draft of a place that is not on the page. */
export function writeDraft(place: string, text: string): void {
  writeLocal(keyOf(place), text === '' ? null : text);
}
