/** Longer than any character that people perceive as one, apart from hostile ones. */
const graphemeLengthMax = 64;

/** Returns the start of a text, cut between two characters as people perceive them: emoji and accents stay whole. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const from = Math.max(0, lengthMax - graphemeLengthMax);
  // A short piece around the cut is enough to find the character that the cut would divide.
  const around = text.slice(from, lengthMax + graphemeLengthMax);
  const divided = new Intl.Segmenter().segment(around).containing(lengthMax - from);
  const at = from + (divided?.index ?? lengthMax - from);
  return text.slice(0, at > from ? at : lengthMax).replace(/[\ud800-\udbff]$/, '');
}
