import type { Messages } from '@parley/client/react';
import { createContext, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { whenParsed } from '../markdown/parse-queue.ts';

/** True while the conversation is printed. */
export const PrintingContext = createContext(false);

/** The part of a conversation that decides what is left to load. */
type Loading = Pick<Messages, 'entries' | 'hasOlder' | 'loadOlder'>;

/**
 * Returns true while the conversation is printed, so that all of its messages are rendered. Ctrl+P and ⌘P load the
 * earlier messages first; the browser's menu prints those that are loaded.
 */
export function usePrinting(messages: Loading): boolean {
  const [isPrinting, setIsPrinting] = useState(false);
  const latest = useRef(messages);
  useEffect(() => {
    latest.current = messages;
  });

  useEffect(() => {
    const events = new AbortController();
    const { signal } = events;
    // The browser prints as soon as the listeners have returned.
    const set = (value: boolean) => flushSync(() => setIsPrinting(value));
    const media = matchMedia('print');
    window.addEventListener('beforeprint', () => set(true), { signal });
    window.addEventListener('afterprint', () => set(false), { signal });
    media.addEventListener('change', ({ matches }) => set(matches), { signal });
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isPrintKey(event) || event.defaultPrevented) return;
      event.preventDefault();
      void printAll(latest, () => setIsPrinting(true), signal);
    };
    window.addEventListener('keydown', onKeyDown, { signal });
    return () => events.abort();
  }, []);
  return isPrinting;
}

async function printAll(
  latest: { readonly current: Loading },
  showAll: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (latest.current.hasOlder && !signal.aborted) {
    const before = latest.current.entries.length;
    await latest.current.loadOlder();
    await nextFrame();
    // Earlier messages cannot be loaded now: print the others.
    if (latest.current.entries.length === before) break;
  }
  showAll();
  await nextFrame();
  await whenParsed();
  await nextFrame();
  if (!signal.aborted) window.print();
}

function isPrintKey({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === 'p' && (ctrlKey || metaKey) && !altKey && !shiftKey;
}

/** Resolves when React has rendered and the browser has laid out. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
