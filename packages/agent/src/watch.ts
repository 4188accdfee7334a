import type { AgentBounds } from './bounds.ts';

/**
 * Watches over one answer: its whole time, the model's silence and the caller's signal. When one of them ends
 * the answer, `stop` is called, and a pause that is under way ends. One timer serves both bounds: hearing
 * from the model only notes the time, and the timer looks at it when it fires.
 */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  readonly #endsAt: number;
  readonly #silenceMaxMs: number;
  #heardAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout;
  #endPause: (() => void) | undefined;
  #timeout: string | undefined;

  constructor(signal: AbortSignal, bounds: AgentBounds, stop: () => void) {
    this.#signal = signal;
    this.#stop = stop;
    this.#endsAt = performance.now() + bounds.turnTimeMaxMs;
    this.#silenceMaxMs = bounds.silenceMaxMs;
    this.#timer = setTimeout(this.#look, Math.min(bounds.turnTimeMaxMs, bounds.silenceMaxMs));
    signal.addEventListener('abort', this.#end);
  }

  /** Which bound was exceeded, for the log. */
  get timeout(): string | undefined {
    return this.#timeout;
  }

  /** How much of the whole time is left. */
  get remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /** The model has sent a piece of the answer: from now on its silence is bounded. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** The model is not waited for, or has not begun: its silence means nothing. */
  rest(): void {
    this.#heardAt = Number.POSITIVE_INFINITY;
  }

  /** Waits so long, or until the answer is ended. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Watches no longer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#end);
  }

  readonly #look = (): void => {
    const now = performance.now();
    const silenceEndsAt = this.#heardAt + this.#silenceMaxMs;
    if (now >= this.#endsAt) this.#timeout = 'the answer took longer than a turn may';
    else if (now >= silenceEndsAt) this.#timeout = 'the model was silent for too long';
    if (this.#timeout) {
      this.#end();
    } else {
      const next = Math.min(this.#endsAt, silenceEndsAt, now + this.#silenceMaxMs);
      this.#timer = setTimeout(this.#look, Math.ceil(next - now));
    }
  };

  readonly #end = (): void => {
    this.#stop();
    this.#endPause?.();
  };
}
