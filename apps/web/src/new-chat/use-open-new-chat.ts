import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { composerId } from '../composer/composer.tsx';

/**
 * Returns a function that opens the page of a new chat, or focuses the message box if it is already open. With `replace`
 * the page takes the current entry of the browser's history.
 */
export function useOpenNewChat({ replace = false }: { readonly replace?: boolean } = {}): () => void {
  const [location, navigate] = useLocation();
  return useCallback(() => {
    if (location === '/') document.getElementById(composerId)?.focus();
    else navigate('/', { replace });
  }, [location, navigate, replace]);
}
