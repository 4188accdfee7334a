export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export interface JsonObject {
  [key: string]: JsonValue;
}

const encoder = new TextEncoder();

/**
 * What keeps a value from being a JSON object that comes back as it was sent, within these bounds: a sentence, or
 * undefined. A key `__proto__` is refused at every level: it means an object's prototype to most programs that
 * would read it back.
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

/** A larger integer has lost digits when it was read as JSON: it would not come back as it was sent. */
function problemOfNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'must contain finite numbers only';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return 'must contain integers of at most 2^53 - 1 only; send larger ones as strings';
}

function problemOfText(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'must be well-formed Unicode (no lone surrogates)';
}
