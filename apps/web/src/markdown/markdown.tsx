import { ErrorBoundary } from '../lib/error-boundary.tsx';
import { lazyModule } from '../lib/lazy-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';
import { PlainText } from './plain-text.tsx';
import type { MarkdownProps } from './rendered-markdown.tsx';

const renderer = lazyModule(() => import('./rendered-markdown.tsx'));

/** Loads the markdown renderer before the first answer needs it. */
export const preloadMarkdown = (): Promise<void> => renderer.want();

/** The text of an answer. It is shown as plain text until the renderer is loaded. */
export function Markdown(props: MarkdownProps) {
  const loaded = useLazyModule(renderer, true);
  const plain = (
    <div className="markdown">
      <PlainText text={props.text} />
    </div>
  );
  if (!loaded) return plain;
  return (
    <ErrorBoundary fallback={plain}>
      <loaded.RenderedMarkdown {...props} />
    </ErrorBoundary>
  );
}
