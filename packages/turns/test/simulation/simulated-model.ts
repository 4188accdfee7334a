import type { AgentInput, AgentOutcome, RunAgent } from '@parley/agent';
import { ApiError } from '@parley/contract';
import type { ModelCall } from '../../src/testing/index.ts';
import type { ModelHabits } from './plan.ts';
import type { Random } from './random.ts';
import { SimulatedAnswer } from './simulated-answer.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedTools } from './simulated-tools.ts';

/** The model. Each call writes its own text, piece by piece, and may fail at any piece. */
export class SimulatedModel {
  /** Every call so far; the text grows as it is written. */
  readonly calls: (ModelCall & { text: string })[] = [];
  /** How often another model began the answer of a turn again. */
  readonly restarts = new Map<string, number>();
  /** All calls are rejected. */
  isAway = false;
  readonly tools: SimulatedTools;
  readonly #random: Random;
  readonly #asked = new Map<SimulatedProcess, number>();
  #habits: ModelHabits;

  constructor(random: Random, habits: ModelHabits, tools: SimulatedTools) {
    this.#random = random;
    this.tools = tools;
    this.#habits = habits;
  }

  /** Whether it answers this process now. */
  isAsked(process: SimulatedProcess): boolean {
    return (this.#asked.get(process) ?? 0) > 0;
  }

  /** From now on it is fast and does not fail. */
  calmDown(): void {
    this.#habits = { failures: 0, fallbacks: 0, atOnce: 0, tools: 0, piecesMax: 2, pauseMaxMs: 50 };
  }

  check(): void {
    if (this.isAway) throw new ApiError('model_loading');
  }

  /** The call function of one process. */
  agentOf(process: SimulatedProcess): RunAgent {
    return async (input) => {
      this.#count(process, 1);
      try {
        return await this.#answer(process, input);
      } catch (error) {
        const usage = { inputTokens: 1, outputTokens: 1 };
        if (input.signal.aborted) input.onAbort?.({ model: 'simulated', calls: 1, usage });
        throw error;
      } finally {
        this.#count(process, -1);
      }
    };
  }

  #count(process: SimulatedProcess, change: number): void {
    this.#asked.set(process, (this.#asked.get(process) ?? 0) + change);
  }

  async #answer(process: SimulatedProcess, input: AgentInput): Promise<AgentOutcome> {
    input.signal.throwIfAborted();
    this.check();
    const { calls, restarts, tools } = this;
    const habits = () => this.#habits;
    const parts = { calls, restarts, tools, habits, random: this.#random, process };
    return await new SimulatedAnswer(parts, input).outcome();
  }
}
