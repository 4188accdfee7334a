import type { Root } from 'hast';
import { highlightingPlugins } from './highlighting.ts';
import { mathPlugins } from './math-plugins.ts';
import { type BlockSource, parseMarkdown } from './parse-markdown.ts';

/*
 * Parses markdown beside the page, so that a long or hostile text does not block it.
 */

/** The worker's messages: it is ready, or the last block is parsed. `tree` is missing if that failed. */
export type WorkerReply = { readonly type: 'ready' } | { readonly type: 'parsed'; readonly tree?: Root };

const loaded = { math: mathPlugins, highlighting: highlightingPlugins };

addEventListener('message', ({ data }: MessageEvent<BlockSource>) => reply(parse(data)));
reply({ type: 'ready' });

function parse(source: BlockSource): WorkerReply {
  try {
    return { type: 'parsed', tree: parseMarkdown(source, loaded) };
  } catch {
    // Nested too deeply.
    return { type: 'parsed' };
  }
}

function reply(message: WorkerReply): void {
  postMessage(message);
}
