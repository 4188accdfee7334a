import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { composerId } from '../composer/composer.tsx';

/** Goes to a new chat; there already, to its message box. */
export function useOpenNewChat(): () => void {
  const [location, navigate] = useLocation();
  return useCallback(() => {
    if (location === '/') document.getElementById(composerId)?.focus();
    else navigate('/');
  }, [location, navigate]);
}
