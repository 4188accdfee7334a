import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { composerId } from '../composer/composer.tsx';

/** Returns a function that opens the page of a new chat, or focuses the message box if it is already open. */
export function useOpenNewChat(): () => void {
  const [location, navigate] = useLocation();
  return useCallback(() => {
    if (location === '/') document.getElementById(composerId)?.focus();
    else navigate('/');
  }, [location, navigate]);
}
