import { useCallback, useState } from 'react';
import { readLocal, writeLocal } from '../lib/local-store.ts';

const keyOf = (place: string) => `parley.draft.${place}`;

/** Stores the unsent text of a chat in the browser, so that it survives a reload. */
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

/** Stores a draft for a chat that is not shown. */
export function writeDraft(place: string, text: string): void {
  writeLocal(keyOf(place), text === '' ? null : text);
}
