/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object. */
export interface JsonObject {
  [key: string]: JsonValue;
}

const encoder = new TextEncoder();

/**
 * Checks that a value is a JSON object within these bounds and survives a round trip unchanged. Returns the
 * problem as a sentence, or undefined. The key `__proto__` is rejected at every level because most programs
 * that parse it would change an object's prototype.
 */
export function problemOfJson(
  value: unknown,
  { bytesMax, depthMax }: { readonly bytesMax: number; readonly depthMax: number },
): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  const inside = problemInside(value, 1, depthMax);
  if (inside) return inside;
  const size = encoder.encode(JSON.stringify(value)).length;
  return size > bytesMax ? `must be at most ${bytesMax} bytes as JSON, has ${size}` : undefined;
}

function problemInside(value: unknown, depth: number, depthMax: number): string | undefined {
  if (typeof value === 'string') return problemOfText(value);
  if (typeof value === 'number') return problemOfNumber(value);
  if (typeof value === 'boolean' || value === null) return undefined;
  if (typeof value !== 'object') return 'must contain JSON values only';
  if (depth > depthMax) return `must be at most ${depthMax} levels deep`;
  for (const [key, child] of Object.entries(value)) {
    if (key === '__proto__') return 'must not contain the key "__proto__"';
    const problem = problemOfText(key) ?? problemInside(child, depth + 1, depthMax);
    if (problem) return problem;
  }
  return undefined;
}

/** JSON parsing rounds larger integers, so they would not be returned as they were sent. */
function problemOfNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'must contain finite numbers only';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return 'must contain integers of at most 2^53 - 1 only; send larger ones as strings';
}

function problemOfText(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'must be well-formed Unicode (no lone surrogates)';
}
