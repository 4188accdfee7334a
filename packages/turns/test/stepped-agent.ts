import type { AgentInput, AgentOutcome, RunAgent } from '@parley/agent';

/** One run of the agent, which the test controls step by step. */
export interface SteppedRun {
  readonly question: string;
  /** All messages that the agent received, as `role: content`. */
  readonly messages: readonly string[];
  readonly signal: AbortSignal;
  emit(text: string): void;
  /** Reports that the model's server makes the run wait. */
  wait(until: Date | undefined): void;
  /** Ends the answer with the text that was emitted. */
  finish(): void;
  /** Ends the run with this error. */
  fail(error: Error): void;
}

/** An agent that the test controls: each run waits for the test, unless `echo` was called. */
export class SteppedAgent {
  readonly runs: SteppedRun[] = [];
  readonly #waiting: { question: string; attempt: number; resolve: (run: SteppedRun) => void }[] = [];
  readonly #open = new Set<SteppedRun>();
  #isEchoing = false;

  /** Makes all runs, including the current ones, answer at once. */
  echo(): void {
    this.#isEchoing = true;
    for (const run of [...this.#open]) answerAtOnce(run);
  }

  /** Resolves with the `attempt`th run for this message, counted from 1. */
  run(question: string, attempt = 1): Promise<SteppedRun> {
    const known = this.runsOf(question)[attempt - 1];
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.push({ question, attempt, resolve }));
  }

  runsOf(question: string): SteppedRun[] {
    return this.runs.filter((run) => run.question === question);
  }

  readonly runAgent: RunAgent = ({ messages, signal, emit, onWait }: AgentInput) => {
    const outcome = Promise.withResolvers<AgentOutcome>();
    let text = '';
    const run: SteppedRun = {
      question: messages.at(-1)?.content ?? '',
      messages: messages.map(({ role, content }) => `${role}: ${content}`),
      signal,
      emit(piece) {
        text += piece;
        emit({ type: 'text-delta', text: piece });
      },
      wait: (until) => onWait?.(until),
      finish: () => {
        this.#open.delete(run);
        outcome.resolve({ text, finishReason: 'stop', model: 'stepped', calls: 1 });
      },
      fail: (error) => {
        this.#open.delete(run);
        outcome.reject(error);
      },
    };
    const stop = () => run.fail(signal.reason);
    this.runs.push(run);
    this.#open.add(run);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#announce(run);
    if (this.#isEchoing) answerAtOnce(run);
    return outcome.promise;
  };

  #announce(run: SteppedRun): void {
    const attempt = this.runsOf(run.question).length;
    for (const waiting of this.#waiting) {
      if (waiting.question === run.question && waiting.attempt === attempt) waiting.resolve(run);
    }
  }
}

function answerAtOnce(run: SteppedRun): void {
  run.emit(`answer to ${run.question}`);
  run.finish();
}
