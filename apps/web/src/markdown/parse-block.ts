import { nestsDeeply } from './bound-depth.ts';
import { type BlockSource, type Loaded, neededFor, parseMarkdown } from './parse-markdown.ts';
import { type ParsedBlock, parseInWorker } from './parse-queue.ts';

/** Longer blocks are parsed in the worker: parsing takes up to some milliseconds for each 1,000 characters. */
const hereLengthMax = 1_500;
const cachedLengthMax = 400_000;

/** Blocks that do not grow, the least recently used first: scrolling back shows them at once. */
const cache = new Map<string, ParsedBlock>();
let cachedLength = 0;

/**
 * Returns a parsed block if that takes only a few milliseconds, otherwise undefined. Formulas and highlighting are
 * missing until their plugins are loaded.
 */
export function parseNow(source: BlockSource, loaded: Loaded): ParsedBlock | undefined {
  const cached = cache.get(keyOf(source));
  if (cached) return remember(source, cached);
  if (nestsDeeply(source.text)) return 'plain';
  if (source.text.length + source.definitions.length > hereLengthMax) return undefined;
  const block = parseHere(source, loaded);
  const isComplete = neededFor(source).every((name) => loaded[name] !== undefined);
  return isComplete ? remember(source, block) : block;
}

/** Parses a block in the worker. Returns a function that withdraws the wish. */
export function parseLater(source: BlockSource, onDone: (block: ParsedBlock) => void): () => void {
  return parseInWorker(source, (block) => onDone(remember(source, block)));
}

function parseHere(source: BlockSource, loaded: Loaded): ParsedBlock {
  try {
    return parseMarkdown(source, loaded);
  } catch {
    return 'plain';
  }
}

function remember(source: BlockSource, block: ParsedBlock): ParsedBlock {
  if (source.isOpen) return block;
  const key = keyOf(source);
  if (!cache.delete(key)) cachedLength += key.length;
  cache.set(key, block);
  for (const oldest of cache.keys()) {
    if (cachedLength <= cachedLengthMax) break;
    cache.delete(oldest);
    cachedLength -= oldest.length;
  }
  return block;
}

function keyOf({ text, isOpen, definitions }: BlockSource): string {
  return `${isOpen ? '…' : ''}${definitions}\0${text}`;
}
