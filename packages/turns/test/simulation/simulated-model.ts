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
  /** All calls so far. The text of a running call grows. */
  readonly calls: (ModelCall & { text: string })[] = [];
  /** How often another model restarted the answer of a turn. */
  readonly restarts = new Map<string, number>();
  /** Whether all calls are rejected. */
  isUnavailable = false;
  readonly tools: SimulatedTools;
  readonly #random: Random;
  readonly #callsInFlight = new Map<SimulatedProcess, number>();
  #habits: ModelHabits;

  constructor(random: Random, habits: ModelHabits, tools: SimulatedTools) {
    this.#random = random;
    this.tools = tools;
    this.#habits = habits;
  }

  /** Whether a call of this process is in flight. */
  isCalledBy(process: SimulatedProcess): boolean {
    return (this.#callsInFlight.get(process) ?? 0) > 0;
  }

  /** Makes all later calls fast and successful. */
  calmDown(): void {
    this.#habits = { failures: 0, fallbacks: 0, atOnce: 0, tools: 0, piecesMax: 2, pauseMaxMs: 50 };
  }

  check(): void {
    if (this.isUnavailable) throw new ApiError('model_loading');
  }

  /** The agent of one process. */
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
    this.#callsInFlight.set(process, (this.#callsInFlight.get(process) ?? 0) + change);
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
