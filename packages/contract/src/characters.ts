/** Whether a text begins with the second half of a surrogate pair. */
export function startsInCharacter(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
