import type { ToolCall, ToolStep } from '@parley/contract';
import type { AgentInput, AgentOutcome } from './agent.ts';
import type { AgentBounds } from './bounds.ts';
import { type AnswerPlan, ModelCaller } from './model-caller.ts';
import type { ToolParts } from './tool-parts.ts';
import { fitResults } from './tools/fit-results.ts';
import type { Toolbox } from './tools/toolbox.ts';
import { Watch } from './watch.ts';

type RunInput = Pick<
  AgentInput,
  'signal' | 'emit' | 'steps' | 'saveToolSteps' | 'restartText' | 'onWait' | 'onAbort'
>;

/** One answer: calls models and tools in turn until a model gives the final text, or the answer fails. */
export class AgentRun {
  readonly #caller: ModelCaller;
  readonly #toolbox: Toolbox;
  readonly #input: RunInput;
  readonly #toolParts: ToolParts;
  readonly #bounds: AgentBounds;
  readonly #stopTools = new AbortController();
  readonly #watch: Watch;
  readonly #steps: ToolStep[];
  /** The token budget for all tool results together, estimated. All models of the list receive the same results. */
  readonly #budgetTokens: number;

  constructor(
    plan: AnswerPlan,
    toolboxOf: (stop: AbortSignal) => Toolbox,
    input: RunInput,
    bounds: AgentBounds,
  ) {
    this.#toolbox = toolboxOf(this.#stopTools.signal);
    this.#input = input;
    this.#toolParts = plan.toolParts;
    this.#bounds = bounds;
    this.#steps = [...(input.steps ?? [])];
    const facts = plan.candidates.map((candidate) => candidate.facts);
    this.#budgetTokens = Math.min(...facts.map(({ budgetTokens }) => budgetTokens));
    const firstPieceMaxMs = Math.min(...facts.map((of) => of.firstPieceMaxMs));
    this.#watch = new Watch(input.signal, { ...bounds, firstPieceMaxMs }, () => {
      this.#caller.stop();
      if (!this.#watch.isCallTimeout) this.#stopTools.abort();
    });
    this.#caller = new ModelCaller(plan, { input, bounds, watch: this.#watch, steps: this.#steps });
  }

  /** @throws ModelError; the signal's reason; errors of `emit` and `saveToolSteps` */
  async outcome(): Promise<AgentOutcome> {
    try {
      await this.#resume();
      for (;;) {
        const answer = await this.#caller.nextStep();
        if (answer.calls.length === 0) return this.#caller.toOutcome(answer);
        this.#steps.push(this.#caller.toStep(answer));
        await this.#callTools();
      }
    } catch (error) {
      const spent = this.#input.signal.aborted && this.#caller.spent();
      if (spent) this.#input.onAbort?.(spent);
      throw error;
    } finally {
      this.#watch.close();
    }
  }

  /** Continues an earlier run: emits its steps again, and calls the tools of its last step that have no result. */
  async #resume(): Promise<void> {
    this.#caller.repeatSteps();
    const isOpen = this.#steps.at(-1)?.calls.some(({ result }) => result === undefined);
    if (isOpen) await this.#callTools();
  }

  /**
   * Calls all tools of the newest step at once. The step is stored first, so that another run can repeat each call
   * unchanged. Calls and results are emitted after they are stored.
   */
  async #callTools(): Promise<void> {
    const number = this.#steps.length;
    const step = this.#steps[number - 1];
    if (!step) return;
    this.#watch.endStep();
    await this.#input.saveToolSteps([...this.#steps]);
    this.#caller.rejectEnded();
    for (const part of this.#toolParts.callsOf(step, number)) this.#input.emit(part);
    const results = await Promise.all(
      step.calls.map((call, index) => this.#timed(call, { step: number, index: index + 1 })),
    );
    this.#caller.rejectEnded();
    const earlier = this.#steps.flatMap(({ calls }) => calls.flatMap(({ result }) => result ?? []));
    const { toolResultLengthMax: lengthMax } = this.#bounds;
    const texts = results.map(({ text }) => text);
    const fitted = fitResults(texts, earlier, { lengthMax, budgetTokens: this.#budgetTokens });
    const calls = step.calls.map((call, index) => {
      const { isError = false, ms = 0 } = results[index] ?? {};
      return { ...call, result: fitted[index] ?? '', ...(isError && { isError }), ms };
    });
    const done = { ...step, calls };
    this.#steps[number - 1] = done;
    await this.#input.saveToolSteps([...this.#steps]);
    this.#caller.rejectEnded();
    for (const part of this.#toolParts.resultsOf(done, number)) this.#input.emit(part);
  }

  async #timed(call: ToolCall, place: Parameters<Toolbox['call']>[1]) {
    const calledAt = performance.now();
    const result = await this.#toolbox.call(call, place);
    return { ...result, ms: Math.round(performance.now() - calledAt) };
  }
}
