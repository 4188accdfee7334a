import { limits, type Source } from '@parley/contract';
import type { AgentEvent } from './agent.ts';
import { splitHalf, toStoredText } from './answer-text.ts';

/**
 * The sources of an answer. Those of a text are emitted once the text is complete, so that they do not interrupt it, and each
 * address once in an answer. What is no address of a web page is left out: pages make links of sources.
 */
export class AnswerSources {
  readonly #emit: (event: AgentEvent) => void;
  readonly #max: number;
  /** The addresses of the answer. Most answers have none. */
  #known: Set<string> | undefined;
  #part: readonly Source[] = [];
  #pending: readonly Source[] = [];

  /** `max` is the number of sources of the whole answer. */
  constructor(emit: (event: AgentEvent) => void, max: number) {
    this.#emit = emit;
    this.#max = max;
  }

  /** The sources emitted since the last `beginPart`. */
  get part(): readonly Source[] {
    return this.#part;
  }

  /** Begins a part: the next sources belong to a new answer of the model. */
  beginPart(): void {
    this.#part = [];
    this.restart();
  }

  /** Discards the sources of a failed call. */
  restart(): void {
    this.#pending = [];
  }

  /** Emits the sources of an earlier step again, as they were emitted by an earlier run. */
  repeatPart(sources: readonly Source[]): void {
    for (const source of sources) this.add(source);
    this.end();
  }

  /** Adds a source of the current text; `end` emits it. */
  add(given: Source): void {
    if (this.#pending.length >= this.#max) return;
    const source = toSource(given);
    // A model may name the same page for every sentence.
    if (!source || this.#known?.has(source.url) || this.#pending.some(({ url }) => url === source.url))
      return;
    this.#pending = [...this.#pending, source];
  }

  /** Emits the sources of the text, which is complete. */
  end(): void {
    for (const source of this.#pending) {
      this.#known ??= new Set();
      if (this.#known.size >= this.#max) break;
      this.#known.add(source.url);
      this.#part = [...this.#part, source];
      this.#emit({ type: 'source', id: `source${this.#known.size}`, ...source });
    }
    this.#pending = [];
  }
}

/** A source as it is stored; undefined if it is no web page. */
function toSource({ url: given, title = '' }: Source): Source | undefined {
  const url = URL.parse(given)?.href ?? '';
  if (!/^https?:/.test(url) || url.length > limits.sourceUrlLengthMax) return undefined;
  const name = splitHalf(toStoredText(title.trim()).slice(0, limits.sourceTitleLengthMax)).whole;
  return { url, ...(name !== '' && { title: name }) };
}
