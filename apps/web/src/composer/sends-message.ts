/** What a key press must tell to decide whether it sends. */
export interface KeyPress {
  readonly key: string;
  readonly keyCode: number;
  readonly isComposing: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/**
 * Whether this key sends the message: Enter alone. An Enter that ends an input method's composition never
 * does; Safari reports it after the composition, and only as key code 229.
 */
export function sendsMessage({ key, keyCode, isComposing, shiftKey, altKey }: KeyPress): boolean {
  return key === 'Enter' && !shiftKey && !altKey && !isComposing && keyCode !== 229;
}
