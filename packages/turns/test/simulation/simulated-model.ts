import { type AgentInput, type AgentOutcome, buildContext, ModelError, type RunAgent } from '@parley/agent';
import { ApiError } from '@parley/contract';
import type { ModelCall } from '../../src/testing/index.ts';
import type { ModelHabits } from './plan.ts';
import type { Random } from './random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedTools } from './simulated-tools.ts';

/** The number of answers of one turn that call a tool. */
const STEPS_MAX = 2;
/** More than any history in the simulation. */
const CONTEXT_TOKENS = 1_000_000;

/** One of so many calls waits before its first piece. */
const WAITS_EVERY = 3;
/** The reasons for the ends of calls, in rotation. */
const FINISH_REASONS: readonly AgentOutcome['finishReason'][] = ['stop', 'length', 'content_filter'];

/** The model. Each call writes its own text, piece by piece, and may fail at any piece. */
export class SimulatedModel {
  /** Every call so far; the text grows as it is written. */
  readonly calls: (ModelCall & { text: string })[] = [];
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
    this.#habits = { failures: 0, atOnce: 0, tools: 0, piecesMax: 2, pauseMaxMs: 50 };
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
    const { id, messages, signal, emit } = input;
    signal.throwIfAborted();
    this.check();
    const call = { context: buildContext(messages, {}, CONTEXT_TOKENS), text: '' };
    const number = this.calls.push(call);
    const random = this.#random;
    const { atOnce, failures, piecesMax, tools } = this.#habits;
    const isAtOnce = random.chance(atOnce);
    const pieces = random.integer(1, piecesMax);
    const failsAt = random.chance(failures) ? random.integer(0, pieces) : undefined;
    const steps = [...(input.steps ?? [])];
    const write = (text: string) => {
      call.text += text;
      emit({ type: 'text-delta', text });
      signal.throwIfAborted();
    };
    const pause = async () => {
      if (!isAtOnce) await process.clock.sleep(random.between(0, this.#habits.pauseMaxMs), signal);
      signal.throwIfAborted();
    };
    /** Stores the newest step, and its tool's result when it exists. */
    const useTool = async () => {
      const step = steps.at(-1);
      const [asked] = step?.calls ?? [];
      if (!step || !asked) return;
      await input.saveToolSteps([...steps]);
      const result = await this.tools.call(id, steps, process, signal, this.#habits.pauseMaxMs);
      steps[steps.length - 1] = { ...step, calls: [{ ...asked, result }] };
      await input.saveToolSteps([...steps]);
      this.tools.expectStored(id, steps, 'the model went on with');
    };
    for (const { text } of steps) if (text !== '') write(text);
    if (steps.at(-1)?.calls.some(({ result }) => result === undefined)) await useTool();
    // Sometimes the model's server asks to wait.
    if (number % WAITS_EVERY === 0) {
      input.onWait?.(new Date(number));
      await pause();
      input.onWait?.(undefined);
    }
    // The text since its last step.
    let part = '';
    for (let piece = 0; piece < pieces; piece++) {
      await pause();
      if (piece === failsAt) fail(number);
      if (steps.length < STEPS_MAX && random.chance(tools)) {
        steps.push({ text: part, calls: [{ id: `c${number}.${piece}`, name: 'tool', arguments: '{}' }] });
        part = '';
        await useTool();
      }
      const text = piece === 0 ? `<${number}>` : `\u{1F600}${piece}`;
      part += text;
      write(text);
    }
    // The end comes after the last word.
    await pause();
    if (failsAt === pieces) fail(number);
    const finishReason = FINISH_REASONS[number % FINISH_REASONS.length] ?? 'stop';
    return { text: call.text, finishReason, model: 'simulated', calls: 1 };
  }
}

/** One of so many failures is the model's rejection of the message. */
const REFUSES_EVERY = 3;

function fail(number: number): never {
  const code = number % REFUSES_EVERY === 0 ? 'model_refused' : 'model_failed';
  throw new ModelError(code, { calls: 1, cause: new Error('as planned') });
}
