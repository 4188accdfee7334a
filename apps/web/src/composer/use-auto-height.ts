import { type RefObject, useLayoutEffect } from 'react';

/** Makes a text area as high as its text; its CSS sets the bound from which on it scrolls. */
export function useAutoHeight(area: RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text.
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    const fit = () => {
      element.style.height = 'auto';
      element.style.height = `${element.scrollHeight}px`;
    };
    fit();
    // Another width wraps the text anew.
    window.addEventListener('resize', fit);
    return () => window.removeEventListener('resize', fit);
  }, [area, text]);
}
