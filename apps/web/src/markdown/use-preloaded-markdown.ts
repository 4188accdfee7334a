import { useEffect } from 'react';
import { preloadMarkdown } from './markdown.tsx';

/** Loads the markdown renderer as soon as an answer is expected. */
export function usePreloadedMarkdown(isExpected: boolean): void {
  useEffect(() => {
    if (isExpected) void preloadMarkdown();
  }, [isExpected]);
}
