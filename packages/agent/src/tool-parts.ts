import type { Tool, ToolCallPart, ToolResultPart, ToolStep } from '@parley/contract';

/** How callers see the calls of a tool. */
export type ToolView = Pick<ToolCallPart, 'show' | 'title'>;

/** The parts of an answer that its tool calls and their results are. */
export class ToolParts {
  readonly #views: ReadonlyMap<string, ToolView>;

  constructor(tools: readonly Tool[]) {
    this.#views = new Map(
      tools.map(({ name, title, show = 'activity' }) => [
        name,
        { ...(title !== undefined && { title }), show },
      ]),
    );
  }

  /** The calls of the step with this number, which begins at 1. */
  callsOf({ calls }: ToolStep, number: number): ToolCallPart[] {
    return calls.map(({ name, arguments: written }, index) => ({
      ...{ type: 'tool-call', id: mintCallId(number, index), name, arguments: written },
      ...this.#viewOf(name),
    }));
  }

  /** The results of that step. A step has the results of all its calls or of none. */
  resultsOf({ calls }: ToolStep, number: number): ToolResultPart[] {
    return calls.flatMap(({ name, result, isError, ms }, index) => {
      if (result === undefined) return [];
      const fields = { ...(isError && { isError }), ...(ms !== undefined && { ms }), ...this.#viewOf(name) };
      return { type: 'tool-result', id: mintCallId(number, index), name, result, ...fields };
    });
  }

  /** A model may call a tool that does not exist. */
  #viewOf(name: string): ToolView {
    return this.#views.get(name) ?? { show: 'activity' };
  }
}

/** Nine letters and digits, which every server accepts as the id of a call. */
export function mintCallId(step: number, index: number): string {
  return `call${String(step * 100 + index).padStart(5, '0')}`;
}
