import { lazyModule } from '../lib/lazy-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';
import type { MarkdownProps } from './rendered-markdown.tsx';

const renderer = lazyModule(() => import('./rendered-markdown.tsx'));

/** Fetches what renders markdown before the first answer needs it. */
export const preloadMarkdown = (): Promise<void> => renderer.want();

/** An answer's text. Until its renderer is there, it is readable as it was written. */
export function Markdown(props: MarkdownProps) {
  const loaded = useLazyModule(renderer, true);
  if (!loaded) return <p className="markdown whitespace-pre-wrap">{props.text}</p>;
  return <loaded.RenderedMarkdown {...props} />;
}
