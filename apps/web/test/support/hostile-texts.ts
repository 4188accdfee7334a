import type { ModelScript } from '@parley/agent/testing';

/** Texts that took the page down or stopped it for minutes, each in its own way. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  'deep quote': '>'.repeat(3_000),
  'deep quote of 1500': '>'.repeat(1_500),
  'deep quote of 1000': '>'.repeat(1_000),
  'deep quote of 600': '>'.repeat(600),
  'deep quote of 300': '>'.repeat(300),
  'list of stars': '* '.repeat(2_000),
  'list of numbers': '* 1. '.repeat(400),
  'open formulas': '\\[ x '.repeat(20_000),
  'long word': 'A'.repeat(60_000),
  brackets: '['.repeat(20_000),
  'nested emphasis': '*a _b '.repeat(2_000) + 'c_ d*'.repeat(2_000),
  'nested elements': '<sub>'.repeat(2_000) + '</sub>'.repeat(2_000),
  'long list': '- item with **bold** text and `code`\n'.repeat(1_500),
  'many paragraphs': 'Some *prose* with `code` and [links](https://example.com).\n\n'.repeat(800),
};

const PIECES = 60;
const PAUSE_MS = 20;

/** Answers with the text in 60 pieces, so that the page shows it while it grows. */
export function streamInPieces(text: string): ModelScript {
  return async (call) => {
    const length = text.length / PIECES;
    for (let piece = 0; piece < PIECES; piece++) {
      call.text(text.slice(Math.ceil(piece * length), Math.ceil((piece + 1) * length)));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    call.finish();
  };
}
