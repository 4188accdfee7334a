import type { AgentBounds } from './bounds.ts';

type WatchBounds = Pick<AgentBounds, 'turnTimeMaxMs' | 'stepTimeMaxMs' | 'firstPieceMaxMs' | 'silenceMaxMs'>;

/** The limit that was exceeded. */
interface Timeout {
  readonly reason: string;
  /** The limit applies to one call, not to the answer. */
  readonly isOfCall: boolean;
}

/**
 * Enforces the time limits of one answer: the whole answer, each step, the pauses between pieces, and the caller's
 * signal. When one of them ends the answer, `stop` is called, and a running pause ends. One timer serves all limits:
 * receiving a piece only notes the time, and the timer checks it when it fires.
 */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  readonly #endsAt: number;
  readonly #bounds: WatchBounds;
  /** The maximum interval of the timer's checks. */
  readonly #checkEveryMs: number;
  #stepEndsAt = Number.POSITIVE_INFINITY;
  /** The deadline of the model's first or next piece. */
  #pieceDueAt = Number.POSITIVE_INFINITY;
  #hasHeard = false;
  #timer: NodeJS.Timeout;
  #endPause: (() => void) | undefined;
  #timeout: Timeout | undefined;

  constructor(signal: AbortSignal, bounds: WatchBounds, stop: () => void) {
    this.#signal = signal;
    this.#stop = stop;
    this.#endsAt = performance.now() + bounds.turnTimeMaxMs;
    this.#bounds = bounds;
    const { turnTimeMaxMs, stepTimeMaxMs, firstPieceMaxMs, silenceMaxMs } = bounds;
    this.#checkEveryMs = Math.min(turnTimeMaxMs, stepTimeMaxMs, firstPieceMaxMs, silenceMaxMs);
    this.#timer = setTimeout(this.#check, this.#checkEveryMs);
    signal.addEventListener('abort', this.#end);
  }

  /** The exceeded limit, for the log. */
  get timeout(): string | undefined {
    return this.#timeout?.reason;
  }

  /** Whether only the call in flight took too long, so that another one may follow. */
  get isCallTimeout(): boolean {
    return this.#timeout?.isOfCall === true;
  }

  /** Continues after a call that took too long. */
  goOn(): void {
    if (!this.isCallTimeout) return;
    this.#timeout = undefined;
    this.rest();
    this.#check();
  }

  /** The remaining time for calls of the model. */
  get remainingMs(): number {
    return Math.min(this.#endsAt, this.#stepEndsAt) - performance.now();
  }

  /** A step begins: all calls of the model until it answers share its time. */
  beginStep(): void {
    this.#stepEndsAt = performance.now() + this.#bounds.stepTimeMaxMs;
  }

  /** A model is called: the time limit of its first piece begins. */
  called(firstPieceMaxMs: number): void {
    this.#hasHeard = false;
    this.#pieceDueAt = performance.now() + firstPieceMaxMs;
  }

  /** The model has sent a piece of the answer: the time limit of the next piece begins. */
  heard(): void {
    this.#hasHeard = true;
    this.#pieceDueAt = performance.now() + this.#bounds.silenceMaxMs;
  }

  /** Nothing is expected from the model, so the time between pieces is not limited. */
  rest(): void {
    this.#pieceDueAt = Number.POSITIVE_INFINITY;
  }

  /** The answer of the step is complete, so the model's time limits no longer apply. */
  endStep(): void {
    this.rest();
    this.#stepEndsAt = Number.POSITIVE_INFINITY;
  }

  /** Waits for this time, or until the answer is ended. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Stops the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#end);
  }

  readonly #check = (): void => {
    const now = performance.now();
    this.#timeout = this.#exceededAt(now);
    if (this.#timeout) {
      this.#end();
    } else {
      const next = Math.min(this.#endsAt, this.#stepEndsAt, this.#pieceDueAt, now + this.#checkEveryMs);
      this.#timer = setTimeout(this.#check, Math.ceil(next - now));
    }
  };

  #exceededAt(now: number): Timeout | undefined {
    if (now >= this.#endsAt) return { reason: 'the answer took longer than a turn may', isOfCall: false };
    if (now >= this.#stepEndsAt) {
      return { reason: 'the calls of the model took longer than one step may', isOfCall: false };
    }
    if (now < this.#pieceDueAt) return undefined;
    const reason = this.#hasHeard
      ? 'the model was silent for too long'
      : 'the model did not begin to answer in time';
    return { reason, isOfCall: true };
  }

  readonly #end = (): void => {
    this.#stop();
    this.#endPause?.();
  };
}
