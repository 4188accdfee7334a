import {
  type AgentEvent,
  type AgentInput,
  type AgentOutcome,
  buildContext,
  ModelError,
  type ModelUse,
} from '@parley/agent';
import {
  isWholePart,
  markOf,
  moreOf,
  type OpenPart,
  PLAIN_PLACE,
  type ToolCall,
  type ToolCallPart,
  type ToolResultPart,
  type ToolStep,
} from '@parley/contract';
import type { ModelCall } from '../../src/testing/index.ts';
import type { ModelHabits } from './plan.ts';
import type { Random } from './random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedTools } from './simulated-tools.ts';

/** The number of models that each run may call, one after the other. */
export const MODELS_MAX = 3;

/** The number of steps of one turn that call a tool. */
const STEPS_MAX = 2;
/** A context that is larger than any history of the simulation. */
const CONTEXT_TOKENS = 1_000_000;
/** One of so many calls waits before its first piece. */
const WAITS_EVERY = 3;
/** The end of a wait, so late that it never passes on a reader's clock. */
const AFTER_EVERY_RUN = Date.UTC(2100, 0);
/** One of so many calls writes reasoning after each piece of text. The agent shows that of every second of them. */
const REASONS_EVERY = 3;
/** An agent with a tool gets the tool calls of earlier answers. */
const SETTINGS = {
  tools: [{ name: 'tool', description: 'A tool.', parameters: {}, url: 'https://tool.invalid' }],
};
/** One of so many failures is the model's rejection of the message. */
const REFUSES_EVERY = 3;
/** The reasons for the ends of calls, in rotation. */
const FINISH_REASONS: readonly AgentOutcome['finishReason'][] = ['stop', 'length', 'content_filter'];

/** The shared state of all answers of one simulation. */
interface AnswerDeps {
  /** All calls so far. The text of a running call grows. */
  readonly calls: (ModelCall & { text: string })[];
  /** How often another model restarted the answer of a turn. */
  readonly restarts: Map<string, number>;
  readonly tools: SimulatedTools;
  readonly habits: () => ModelHabits;
  readonly random: Random;
  readonly process: SimulatedProcess;
}

/**
 * One run of an answer: a model writes it piece by piece and may fail at any piece; then another model may continue.
 */
export class SimulatedAnswer {
  readonly #deps: AnswerDeps;
  readonly #input: AgentInput;
  readonly #habits: ModelHabits;
  readonly #isAtOnce: boolean;
  readonly #pieces: number;
  readonly #steps: ToolStep[];
  readonly #others: ModelUse[] = [];
  #call: ModelCall & { text: string };
  /** The number of the call, which its text contains. */
  #number: number;
  /** The piece before which the model fails. */
  #failsAt: number | undefined;
  /** The text since the newest step. */
  #part = '';
  /** The reasoning since the newest step. */
  #reasoning = '';
  /** The part at the end of the call's tape. */
  #open: OpenPart | undefined = PLAIN_PLACE.open;
  /** The text of all parts. */
  #text = '';

  constructor(deps: AnswerDeps, input: AgentInput) {
    const { calls, random } = deps;
    this.#deps = deps;
    this.#input = input;
    this.#habits = deps.habits();
    this.#steps = [...(input.steps ?? [])];
    this.#call = { context: buildContext(input.messages, SETTINGS, CONTEXT_TOKENS), text: '' };
    this.#number = calls.push(this.#call);
    this.#isAtOnce = random.chance(this.#habits.atOnce);
    this.#pieces = random.integer(1, this.#habits.piecesMax);
    this.#failsAt = this.#drawFailure();
  }

  async outcome(): Promise<AgentOutcome> {
    this.#repeatSteps();
    if (this.#steps.at(-1)?.calls.some(({ result }) => result === undefined)) await this.#useTool();
    await this.#wait();
    while (!(await this.#writePieces())) await this.#fallBack();
    return {
      text: this.#text,
      finishReason: FINISH_REASONS[this.#number % FINISH_REASONS.length] ?? 'stop',
      model: 'simulated',
      calls: 1,
      ...(this.#others.length > 0 && { others: this.#others }),
    };
  }

  /** Writes the text. Returns whether the model reached the end. */
  async #writePieces(): Promise<boolean> {
    const { random } = this.#deps;
    for (let piece = 0; piece < this.#pieces; piece++) {
      await this.#pause();
      if (piece === this.#failsAt) return false;
      if (this.#steps.length < STEPS_MAX && random.chance(this.#habits.tools)) await this.#beginStep(piece);
      const text = piece === 0 ? `<${this.#number}>` : `\u{1F600}${piece}`;
      this.#part += text;
      this.#write(text);
      if (this.#number % REASONS_EVERY === 1) this.#reason(`(${this.#number}.${piece})`);
    }
    // The end comes some time after the last piece.
    await this.#pause();
    return this.#failsAt !== this.#pieces;
  }

  /** Lets another model continue after the newest step, or from the start if there is none. */
  async #fallBack(): Promise<void> {
    const { calls, random, restarts } = this.#deps;
    const { fallbacks } = this.#habits;
    const hasNext = this.#others.length + 1 < MODELS_MAX && fallbacks > 0 && random.chance(fallbacks);
    if (!hasNext) fail(this.#number);
    this.#others.push({ model: 'failed', calls: 1 });
    const { context, text } = this.#call;
    const isVoid = this.#part !== '';
    if (isVoid) {
      const { id, restartText } = this.#input;
      restarts.set(id, (restarts.get(id) ?? 0) + 1);
      await restartText?.();
    }
    this.#call = { context, text: isVoid ? '' : text };
    this.#number = calls.push(this.#call);
    this.#failsAt = this.#drawFailure();
    this.#part = '';
    this.#reasoning = '';
    if (!isVoid) return;
    this.#open = PLAIN_PLACE.open;
    this.#text = '';
    this.#repeatSteps();
  }

  async #beginStep(piece: number): Promise<void> {
    const id = `c${this.#number}.${piece}`;
    const [text, reasoning] = [this.#part, this.#reasoning];
    const calls = [{ id, name: 'tool', arguments: '{}' }];
    this.#steps.push({ text, ...(reasoning !== '' && { reasoning }), calls });
    this.#part = '';
    this.#reasoning = '';
    await this.#useTool();
  }

  /** Stores the newest step, and the result of its tool once there is one. */
  async #useTool(): Promise<void> {
    const { tools, process, habits } = this.#deps;
    const { id, signal, saveToolSteps } = this.#input;
    const step = this.#steps.at(-1);
    const [call] = step?.calls ?? [];
    if (!step || !call) return;
    await saveToolSteps([...this.#steps]);
    this.#emit(callPart(call));
    const result = await tools.call(id, this.#steps, process, signal, habits().pauseMaxMs);
    this.#steps[this.#steps.length - 1] = { ...step, calls: [{ ...call, result }] };
    await saveToolSteps([...this.#steps]);
    tools.expectStored(id, this.#steps, 'the model went on with');
    this.#emit(resultPart({ ...call, result }));
  }

  /** Sometimes makes the run wait for the model's server. */
  async #wait(): Promise<void> {
    if (this.#number % WAITS_EVERY !== 0) return;
    this.#input.onWait?.(new Date(AFTER_EVERY_RUN + this.#number));
    await this.#pause();
    this.#input.onWait?.(undefined);
  }

  #repeatSteps(): void {
    for (const { text, reasoning = '', calls } of this.#steps) {
      if (reasoning !== '')
        this.#emit({ type: 'reasoning-delta', text: reasoning, isShown: this.#isReasoningShown });
      if (text !== '') this.#write(text);
      for (const call of calls) {
        if (call.result === undefined) continue;
        this.#emit(callPart(call));
        this.#emit(resultPart(call));
      }
    }
  }

  #write(text: string): void {
    this.#text += text;
    this.#emit({ type: 'text-delta', text });
  }

  #reason(text: string): void {
    this.#reasoning += text;
    this.#emit({ type: 'reasoning-delta', text, isShown: this.#isReasoningShown });
  }

  get #isReasoningShown(): boolean {
    return this.#number % 2 === 0;
  }

  #emit(event: AgentEvent): void {
    if (isWholePart(event)) {
      this.#call.text += markOf(event);
      this.#open = undefined;
    } else {
      const part = event.type === 'text-delta' ? 'text' : event.isShown ? 'shown-reasoning' : 'reasoning';
      this.#call.text += moreOf(part, event.text, this.#open);
      this.#open = part;
    }
    this.#input.emit(event);
    this.#input.signal.throwIfAborted();
  }

  async #pause(): Promise<void> {
    const { process, random, habits } = this.#deps;
    const { signal } = this.#input;
    if (!this.#isAtOnce) await process.clock.sleep(random.between(0, habits().pauseMaxMs), signal);
    signal.throwIfAborted();
  }

  #drawFailure(): number | undefined {
    const { random } = this.#deps;
    return random.chance(this.#habits.failures) ? random.integer(0, this.#pieces) : undefined;
  }
}

function callPart({ id, name, arguments: written }: ToolCall): ToolCallPart {
  return { type: 'tool-call', id, name, arguments: written, show: 'activity' };
}

function resultPart({ id, name, result = '' }: ToolCall): ToolResultPart {
  return { type: 'tool-result', id, name, result, show: 'activity' };
}

function fail(number: number): never {
  const code = number % REFUSES_EVERY === 0 ? 'model_refused' : 'model_failed';
  throw new ModelError(code, { calls: 1, cause: new Error('as planned') });
}
