import { ApiError, limits } from '@parley/contract';

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The maximum size of JSON, apart from its bytes. */
export interface JsonBounds {
  /** The object keys of the whole text. */
  readonly keysMax: number;
  readonly depthMax: number;
}

const USUAL: JsonBounds = { keysMax: limits.bodyKeysMax, depthMax: limits.bodyDepthMax };

/**
 * Rejects JSON with too many object keys or levels in one pass over its characters: parsing and validating such a
 * text would cost a hundred times as much. Text that is not JSON passes; the parser rejects it.
 *
 * @throws ApiError `payload_too_complex`
 */
export function rejectComplexJson(json: string, { keysMax, depthMax }: JsonBounds = USUAL): void {
  let keys = 0;
  let depth = 0;
  for (let index = 0; index < json.length; index++) {
    switch (json.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(json, index);
        break;
      case COLON:
        keys++;
        if (keys > keysMax) throw new ApiError('payload_too_complex');
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        if (depth > depthMax) throw new ApiError('payload_too_complex');
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
    }
  }
}

/**
 * Does the same for parsed JSON, for hosts that did not check the text. Returns the number of its object keys plus
 * `keysOfOthers`, the keys of other inputs of the request.
 *
 * @throws ApiError `payload_too_complex`
 */
export function rejectComplexValue(
  value: unknown,
  keysOfOthers = 0,
  { keysMax, depthMax }: JsonBounds = USUAL,
): number {
  let keys = keysOfOthers;
  const pending: { readonly inner: unknown; readonly depth: number }[] = [{ inner: value, depth: 1 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { inner, depth } = next;
    if (typeof inner !== 'object' || inner === null) continue;
    const members: readonly unknown[] = Array.isArray(inner) ? inner : Object.values(inner);
    if (!Array.isArray(inner)) keys += members.length;
    if (keys > keysMax || depth > depthMax) throw new ApiError('payload_too_complex');
    for (const member of members) {
      if (typeof member === 'object') pending.push({ inner: member, depth: depth + 1 });
    }
  }
  return keys;
}

/**
 * Returns the end of the string that begins at `start`: the next quote that is not escaped, or the end of the
 * text.
 */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return json.length;
}
