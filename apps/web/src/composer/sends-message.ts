/** The properties of a key press that decide whether it sends the message. */
export interface KeyPress {
  readonly key: string;
  readonly keyCode: number;
  readonly isComposing: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/**
 * Returns true if a key press sends the message: Enter without modifiers. Enter that confirms an input
 * method's composition does not send; Safari reports it after the composition, recognizable only by key code
 * 229.
 */
export function sendsMessage({ key, keyCode, isComposing, shiftKey, altKey }: KeyPress): boolean {
  return key === 'Enter' && !shiftKey && !altKey && !isComposing && keyCode !== 229;
}
