import { startTransition, useEffect, useMemo, useRef, useState } from 'react';
import { lazyModule } from '../lib/lazy-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';
import { parseLater, parseNow } from './parse-block.ts';
import { type BlockSource, type Loaded, neededFor } from './parse-markdown.ts';
import type { ParsedBlock } from './parse-queue.ts';

const math = lazyModule(() => import('./math.ts'));
const highlighting = lazyModule(() => import('./highlighting.ts'));

interface Shown {
  readonly text: string;
  readonly block: ParsedBlock;
}

/**
 * Returns a parsed block. While a long block is parsed in the worker, this is the block as it was before it grew,
 * or `plain`.
 */
export function useParsedBlock({ text, isOpen, definitions }: BlockSource): ParsedBlock {
  const source = useMemo(() => ({ text, isOpen, definitions }), [text, isOpen, definitions]);
  const loaded = useLoaded(source);
  const now = useMemo(() => parseNow(source, loaded), [source, loaded]);
  const [later, setLater] = useState<Shown>();
  const shown = useRef<Shown>(undefined);
  // A block that took too long does not take less when it has grown.
  const isGivenUp = isOpen && later?.block === 'plain' && text.startsWith(later.text);
  const isWaiting = now === undefined && !isGivenUp;

  useEffect(() => {
    if (!isWaiting) return;
    return parseLater(source, (block) => startTransition(() => setLater({ text: source.text, block })));
  }, [isWaiting, source]);
  useEffect(() => {
    if (now) shown.current = { text, block: now };
  }, [now, text]);

  if (now) return now;
  const latest = [later, shown.current].filter((each) => each && text.startsWith(each.text));
  return latest.toSorted((a, b) => (b?.text.length ?? 0) - (a?.text.length ?? 0))[0]?.block ?? 'plain';
}

/** Loads the plugins that a block needs, as soon as it needs them. */
function useLoaded(source: BlockSource): Loaded {
  const needed = useMemo(() => neededFor(source), [source]);
  const loadedMath = useLazyModule(math, needed.includes('math'))?.mathPlugins;
  const loadedHighlighting = useLazyModule(
    highlighting,
    needed.includes('highlighting'),
  )?.highlightingPlugins;
  return useMemo(
    () => ({ math: loadedMath, highlighting: loadedHighlighting }),
    [loadedMath, loadedHighlighting],
  );
}
