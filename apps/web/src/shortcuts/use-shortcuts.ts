import { useCallback, useEffect, useMemo, useState } from 'react';
import { composerId } from '../composer/composer.tsx';
import { isTyping } from '../lib/is-typing.ts';
import { useOpenNewChat } from '../new-chat/use-open-new-chat.ts';
import { type Shortcut, shortcutOf } from './shortcut-of.ts';
import type { ShortcutsControl } from './shortcuts-context.ts';
import { areSingleKeysOn } from './single-keys.ts';

/** Handles the keyboard shortcuts of the page. */
export function useShortcuts(search: () => void): ShortcutsControl {
  const [isOpen, setIsOpen] = useState(false);
  const open = useCallback(() => setIsOpen(true), []);
  const openNewChat = useOpenNewChat();

  useEffect(() => {
    const actions: Record<Shortcut, () => void> = {
      'new-chat': openNewChat,
      search,
      write: () => document.getElementById(composerId)?.focus(),
      help: open,
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event, { isTyping: isTyping(event), areSingleKeysOn: areSingleKeysOn() });
      if (!shortcut || event.defaultPrevented) return;
      event.preventDefault();
      actions[shortcut]();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [openNewChat, search, open]);

  return useMemo(() => ({ isOpen, setIsOpen, open }), [isOpen, open]);
}
