/** The longest form of one UTF-16 code unit in JSON: an escape such as `\\u0000`. */
const BYTES_OF_UNIT = 6;
/** The quotes of a text, and what separates it from the next one. */
const BYTES_AROUND = 4;
/** The longest number, such as `-1.7976931348623157e308`, and what separates it from the next one. */
const BYTES_OF_NUMBER = 26;

/** Returns an upper bound of the bytes of a plain value as JSON, for a fraction of the time of `JSON.stringify`. */
export function jsonBytesMax(value: unknown): number {
  if (typeof value === 'string') return value.length * BYTES_OF_UNIT + BYTES_AROUND;
  if (typeof value !== 'object' || value === null) return BYTES_OF_NUMBER;
  let bytes = BYTES_AROUND;
  for (const name in value) {
    bytes += name.length * BYTES_OF_UNIT + BYTES_AROUND + jsonBytesMax(value[name as keyof typeof value]);
  }
  return bytes;
}
