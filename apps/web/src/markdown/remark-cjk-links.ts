import type { Code, Construct, Event, Extension, State, TokenizeContext } from 'micromark-util-types';
import type { Processor } from 'unified';

declare module 'micromark-util-types' {
  /** The tokens of GFM's bare links. */
  interface TokenTypeMap {
    literalAutolink: 'literalAutolink';
    literalAutolinkHttp: 'literalAutolinkHttp';
  }
}

/** Punctuation of Chinese, Japanese and Korean, and the full-width forms of ASCII. */
const PUNCTUATION = /[\u3000-\u3004\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/;
const CJK = /[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/;
const schemeLengthMax = 'https://'.length;
const linkLengthMax = 2_000;

/**
 * Ends bare links before CJK punctuation, and before the end of emphasis that CJK follows: the punctuation of these
 * scripts is written without spaces, and GFM ends links at spaces only.
 */
export function remarkCjkLinks(this: Processor): void {
  const data = this.data() as { micromarkExtensions?: Extension[] };
  data.micromarkExtensions ??= [];
  data.micromarkExtensions.push({ text: { 72: link, 104: link } });
}

/** Reads a bare link that such an end follows. Other links are left to GFM. */
const link: Construct = {
  name: 'cjkLink',
  previous: (code) => code === null || code < 0 || !/[a-z]/i.test(charOf(code)),
  tokenize(this: TokenizeContext, effects, ok, nok) {
    let address = '';
    const start: State = (code) => {
      effects.enter('literalAutolink');
      effects.enter('literalAutolinkHttp');
      return inside(code);
    };
    const inside: State = (code) => {
      if (isEndOfWord(code) || address.length > linkLengthMax) return nok(code);
      const char = charOf(code);
      if (address.length <= schemeLengthMax && !canBegin(address + char)) return nok(code);
      if (PUNCTUATION.test(char)) return end(code);
      if (char === '*' || char === '~' || char === '_')
        return effects.check(endOfEmphasis, end, consume)(code);
      return consume(code);
    };
    const consume: State = (code) => {
      address += charOf(code);
      effects.consume(code);
      return inside;
    };
    const end: State = (code) => {
      if (!/\/\/[^/]+\.\p{L}/u.test(address) || /[.,:;!?'")]$/.test(address)) return nok(code);
      if (isInLabel(this.events)) return nok(code);
      effects.exit('literalAutolinkHttp');
      effects.exit('literalAutolink');
      return ok(code);
    };
    return start;
  },
};

/** Marks of emphasis, and a CJK character after them. */
const endOfEmphasis: Construct = {
  partial: true,
  tokenize(effects, ok, nok) {
    const marks: State = (code) => {
      const char = charOf(code);
      if (char !== '*' && char !== '~' && char !== '_') return CJK.test(char) ? ok(code) : nok(code);
      effects.consume(code);
      return marks;
    };
    return marks;
  },
};

function canBegin(start: string): boolean {
  const lower = start.toLowerCase();
  return 'http://'.startsWith(lower) || 'https://'.startsWith(lower) || /^https?:\/\//.test(lower);
}

/** Returns true inside the text of a link or image, which must not contain another link. */
function isInLabel(events: readonly Event[]): boolean {
  return events.some(([, token]) => /^label(?:Link|Image)$/.test(token.type) && !token._balanced);
}

function isEndOfWord(code: Code): boolean {
  return code === null || code < 0 || /\s/.test(charOf(code));
}

function charOf(code: Code): string {
  return code === null || code < 0 ? '' : String.fromCodePoint(code);
}
