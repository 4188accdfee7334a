import type { Tool, ToolCall } from '@parley/contract';
import type { AgentBounds } from '../bounds.ts';
import { checkArguments } from './check-arguments.ts';
import type { createPostJson } from './post-json.ts';
import { ToolFailure, type ToolFailureReason } from './tool-failure.ts';

/** A failed tool call, for the operator's log. It contains no text of the model or the tool. */
export interface FailedToolCall {
  /** The id of the answer. */
  readonly id: string;
  readonly tool: string;
  readonly reason: ToolFailureReason;
  readonly status?: number | undefined;
  /** Node's code of a failed connection, such as `ECONNREFUSED`. */
  readonly cause?: string | undefined;
}

/** The dependencies of tool calls, the same for all answers. */
export interface ToolDeps {
  readonly postJson: ReturnType<typeof createPostJson>;
  readonly onFailure: (call: FailedToolCall) => void;
}

/** The result of a tool call. */
interface ToolOutput {
  readonly text: string;
  readonly isError: boolean;
}

/** The tools of one answer. */
export class Toolbox {
  readonly #deps: ToolDeps;
  readonly #id: string;
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #bounds: AgentBounds;
  readonly #signal: AbortSignal;

  constructor(deps: ToolDeps, id: string, tools: readonly Tool[], bounds: AgentBounds, signal: AbortSignal) {
    this.#deps = deps;
    this.#id = id;
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.#bounds = bounds;
    this.#signal = signal;
  }

  /**
   * Calls a tool, and returns the text for the model: the tool's response, or a sentence that describes the failure
   * (`isError`).
   * `place` is the number of the step and of the call in it: a repeated call has the same place.
   */
  async call(call: ToolCall, place: { readonly step: number; readonly index: number }): Promise<ToolOutput> {
    const key = `${this.#id}-${place.step}-${place.index}`;
    try {
      return { text: (await this.#post(call, key)).trim() || '(no content)', isError: false };
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      this.#reportFailure(call.name, error);
      return { text: error.message, isError: true };
    }
  }

  #post({ name, arguments: written }: ToolCall, key: string): Promise<string> {
    const tool = this.#tools.get(name);
    if (!tool) {
      const names = [...this.#tools.keys()].join(', ');
      throw new ToolFailure('unknown_tool', { detail: `There are: ${names || 'none'}.` });
    }
    const { toolArgumentsLengthMax, toolTimeoutMs, toolResponseBytesMax } = this.#bounds;
    const body = checkArguments(written, tool.parameters, toolArgumentsLengthMax);
    return this.#deps.postJson({
      url: tool.url,
      headers: { ...tool.headers, 'idempotency-key': key },
      body: JSON.stringify(body),
      timeoutMs: tool.timeoutMs ?? toolTimeoutMs,
      responseBytesMax: toolResponseBytesMax,
      signal: this.#signal,
    });
  }

  #reportFailure(name: string, { reason, status, cause }: ToolFailure): void {
    // A tool call that is aborted with its answer has not failed. An unknown name is text of the model, so it is not
    // logged.
    if (reason === 'stopped') return;
    const tool = this.#tools.has(name) ? name : '(none of them)';
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    this.#deps.onFailure({ id: this.#id, tool, reason, status, cause: code });
  }
}
