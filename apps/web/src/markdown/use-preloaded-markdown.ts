import { useEffect } from 'react';
import { preloadMarkdown } from './markdown.tsx';

/** Fetches what renders answers as soon as one can be expected. */
export function usePreloadedMarkdown(isExpected: boolean): void {
  useEffect(() => {
    if (isExpected) void preloadMarkdown();
  }, [isExpected]);
}
