/** The actions of keyboard shortcuts. */
export type Shortcut = 'new-chat' | 'search' | 'write' | 'help';

/** The properties of a key press that identify a shortcut. */
export interface ShortcutPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly isComposing: boolean;
}

interface Circumstances {
  /** The focus is in an element for text input. */
  readonly isTyping: boolean;
  /** Keys without Ctrl or Cmd are shortcuts. Users of speech input may turn them off. */
  readonly areSingleKeysOn: boolean;
}

/** Returns the shortcut of a key press, if it is one. */
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
