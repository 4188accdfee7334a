import { type AgentInput, type AgentOutcome, buildContext, ModelError, type RunAgent } from '@parley/agent';
import { Refusal } from '@parley/contract';
import type { ModelCall } from '../../src/testing/index.ts';
import type { ModelHabits } from './plan.ts';
import type { Random } from './random.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** More than any history here. */
const CONTEXT_TOKENS = 1_000_000;

/** The model: each of its calls writes a text of its own, piece by piece, and may fail at any of them. */
export class SimulatedModel {
  /** Every call so far; the text grows as it is written. */
  readonly calls: (ModelCall & { text: string })[] = [];
  /** Whoever calls it is refused. */
  isAway = false;
  readonly #random: Random;
  readonly #asked = new Map<SimulatedProcess, number>();
  #habits: ModelHabits;

  constructor(random: Random, habits: ModelHabits) {
    this.#random = random;
    this.#habits = habits;
  }

  /** Whether it answers something for this process now. */
  isAsked(process: SimulatedProcess): boolean {
    return (this.#asked.get(process) ?? 0) > 0;
  }

  /** From now on it is quick and does not fail. */
  calmDown(): void {
    this.#habits = { failures: 0, atOnce: 0, piecesMax: 2, pauseMaxMs: 50 };
  }

  check(): void {
    if (this.isAway) throw new Refusal('model_loading');
  }

  /** How one process calls it. */
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

  async #answer(process: SimulatedProcess, { messages, signal, emit }: AgentInput): Promise<AgentOutcome> {
    signal.throwIfAborted();
    this.check();
    const call = { context: buildContext(messages, {}, CONTEXT_TOKENS), text: '' };
    const number = this.calls.push(call);
    const random = this.#random;
    const { atOnce, failures, piecesMax } = this.#habits;
    const isAtOnce = random.chance(atOnce);
    const pieces = random.integer(1, piecesMax);
    const failsAt = random.chance(failures) ? random.integer(0, pieces) : undefined;
    const pause = async () => {
      if (!isAtOnce) await process.clock.sleep(random.between(0, this.#habits.pauseMaxMs), signal);
      signal.throwIfAborted();
    };
    for (let piece = 0; piece < pieces; piece++) {
      await pause();
      if (piece === failsAt) fail();
      const text = piece === 0 ? `<${number}>` : `\u{1F600}${piece}`;
      call.text += text;
      emit({ type: 'text-delta', text });
      signal.throwIfAborted();
    }
    // The end comes after the last word.
    await pause();
    if (failsAt === pieces) fail();
    return { text: call.text, finishReason: 'stop', model: 'simulated', calls: 1 };
  }
}

function fail(): never {
  throw new ModelError('model_failed', { calls: 1, cause: new Error('as planned') });
}
