/** What the page does by a key wherever the focus is. */
export type Shortcut = 'new-chat' | 'search' | 'write' | 'help';

/** What a key press must tell to be a shortcut. */
export interface ShortcutPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
}

interface Circumstances {
  /** The focus is where letters are text. */
  readonly isTyping: boolean;
  /** Keys without Ctrl or Cmd count: a person who dictates may have to turn them off. */
  readonly areSingleKeysOn: boolean;
}

/** The shortcut that a key press is, if it is one. */
export function shortcutOf(
  press: ShortcutPress,
  { isTyping, areSingleKeysOn }: Circumstances,
): Shortcut | undefined {
  if (press.isComposing || press.altKey) return undefined;
  const key = press.key.toLowerCase();
  if (press.ctrlKey || press.metaKey) {
    if (key === 'o' && press.shiftKey) return 'new-chat';
    return key === 'k' && !press.shiftKey ? 'search' : undefined;
  }
  if (isTyping || !areSingleKeysOn) return undefined;
  if (key === '/') return 'write';
  return key === '?' ? 'help' : undefined;
}
