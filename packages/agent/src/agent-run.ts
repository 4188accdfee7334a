import type { ToolStep } from '@parley/contract';
import type { AgentInput, AgentOutcome } from './agent.ts';
import type { AgentBounds } from './bounds.ts';
import { type AnswerPlan, ModelAsker } from './model-asker.ts';
import { fitResults } from './tools/fit-results.ts';
import type { Toolbox } from './tools/toolbox.ts';
import { Watch } from './watch.ts';

type RunInput = Pick<
  AgentInput,
  'signal' | 'emit' | 'steps' | 'saveToolSteps' | 'restartText' | 'onWait' | 'onAbort'
>;

/** One answer: the calls of models and of tools until there is one, or until it is given up. */
export class AgentRun {
  readonly #asker: ModelAsker;
  readonly #toolbox: Toolbox;
  readonly #input: RunInput;
  readonly #bounds: AgentBounds;
  readonly #stopTools = new AbortController();
  readonly #watch: Watch;
  readonly #steps: ToolStep[];
  /** Of the results of all tools, in estimated tokens: all models of the list are given the same results. */
  readonly #budgetTokens: number;

  constructor(
    plan: AnswerPlan,
    toolboxOf: (stop: AbortSignal) => Toolbox,
    input: RunInput,
    bounds: AgentBounds,
  ) {
    this.#toolbox = toolboxOf(this.#stopTools.signal);
    this.#input = input;
    this.#bounds = bounds;
    this.#steps = [...(input.steps ?? [])];
    const facts = plan.candidates.map((candidate) => candidate.facts);
    this.#budgetTokens = Math.min(...facts.map(({ budgetTokens }) => budgetTokens));
    const firstPieceMaxMs = Math.min(...facts.map((of) => of.firstPieceMaxMs));
    this.#watch = new Watch(input.signal, { ...bounds, firstPieceMaxMs }, () => {
      this.#asker.stop();
      if (!this.#watch.isCallTimeout) this.#stopTools.abort();
    });
    this.#asker = new ModelAsker(plan, { input, bounds, watch: this.#watch, steps: this.#steps });
  }

  /** @throws ModelError; the signal's reason; what emitting and keeping throw. */
  async outcome(): Promise<AgentOutcome> {
    try {
      await this.#goOn();
      for (;;) {
        const answer = await this.#asker.ask();
        if (answer.calls.length === 0) return this.#asker.toOutcome(answer);
        this.#steps.push(this.#asker.toStep(answer));
        await this.#callTools();
      }
    } catch (error) {
      const spent = this.#input.signal.aborted && this.#asker.spent();
      if (spent) this.#input.onAbort?.(spent);
      throw error;
    } finally {
      this.#watch.close();
    }
  }

  /** Takes up what an earlier run left: emits its text again, and ends the step it was in. */
  async #goOn(): Promise<void> {
    this.#asker.repeatSteps();
    const isOpen = this.#steps.at(-1)?.calls.some(({ result }) => result === undefined);
    if (isOpen) await this.#callTools();
  }

  /** Calls the tools of the newest step, all at once; kept before, so that a call can be made again as it was. */
  async #callTools(): Promise<void> {
    const number = this.#steps.length;
    const step = this.#steps[number - 1];
    if (!step) return;
    this.#watch.endStep();
    await this.#input.saveToolSteps([...this.#steps]);
    this.#asker.rejectEnded();
    const results = await Promise.all(
      step.calls.map((call, index) => this.#toolbox.call(call, { step: number, index: index + 1 })),
    );
    this.#asker.rejectEnded();
    const told = this.#steps.flatMap(({ calls }) => calls.flatMap(({ result }) => result ?? []));
    const { toolResultLengthMax: lengthMax } = this.#bounds;
    const fitted = fitResults(results, told, { lengthMax, budgetTokens: this.#budgetTokens });
    const calls = step.calls.map((call, index) => ({ ...call, result: fitted[index] ?? '' }));
    this.#steps[number - 1] = { ...step, calls };
    await this.#input.saveToolSteps([...this.#steps]);
    this.#asker.rejectEnded();
  }
}
