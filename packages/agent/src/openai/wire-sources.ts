import type { Source } from '@parley/contract';
import { textOf } from './wire-values.ts';

/** An annotation of a text. Each field may be missing or of another type. */
interface WireAnnotation {
  readonly type?: unknown;
  readonly url?: unknown;
  readonly title?: unknown;
  readonly url_citation?: Pick<WireAnnotation, 'url' | 'title'> | null;
}

/** The web pages among the annotations of a text. Chat Completions has their fields one level deeper than Responses. */
export function sourcesIn(annotations: unknown): Source[] {
  if (!Array.isArray(annotations)) return [];
  return annotations.flatMap((annotation: WireAnnotation | null) => {
    if (annotation?.type !== 'url_citation') return [];
    const { url, title } = annotation.url_citation ?? annotation;
    const name = textOf(title);
    return typeof url === 'string' ? [{ url, ...(name !== undefined && { title: name }) }] : [];
  });
}
