import type { AgentBounds } from './bounds.ts';

type WatchBounds = Pick<AgentBounds, 'turnTimeMaxMs' | 'stepTimeMaxMs' | 'firstPieceMaxMs' | 'silenceMaxMs'>;

/** A bound that was exceeded. */
interface Timeout {
  readonly reason: string;
  /** It bounds one call, and not the answer. */
  readonly isOfCall: boolean;
}

/**
 * Watches over one answer: its whole time, the time of each step, the model's silence and the caller's signal. When one
 * of them ends the answer, `stop` is called, and a pause that is under way ends. One timer serves all bounds: hearing
 * from the model only notes the time, and the timer looks at it when it fires.
 */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #stop: () => void;
  readonly #endsAt: number;
  readonly #bounds: WatchBounds;
  /** The longest time until the timer looks again. */
  readonly #lookEveryMs: number;
  #stepEndsAt = Number.POSITIVE_INFINITY;
  /** Until then the model must have sent its first piece, or its next one. */
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
    this.#lookEveryMs = Math.min(turnTimeMaxMs, stepTimeMaxMs, firstPieceMaxMs, silenceMaxMs);
    this.#timer = setTimeout(this.#look, this.#lookEveryMs);
    signal.addEventListener('abort', this.#end);
  }

  /** Which bound was exceeded, for the log. */
  get timeout(): string | undefined {
    return this.#timeout?.reason;
  }

  /** Whether only the call that was under way took too long: another one may follow. */
  get isCallTimeout(): boolean {
    return this.#timeout?.isOfCall === true;
  }

  /** Watches on after a call that took too long. */
  goOn(): void {
    if (!this.isCallTimeout) return;
    this.#timeout = undefined;
    this.rest();
    this.#look();
  }

  /** How much time is left for calls of the model. */
  get remainingMs(): number {
    return Math.min(this.#endsAt, this.#stepEndsAt) - performance.now();
  }

  /** A step begins: the calls of the model until it answers share its time. */
  beginStep(): void {
    this.#stepEndsAt = performance.now() + this.#bounds.stepTimeMaxMs;
  }

  /** A model is called: from now on its first piece is waited for. */
  called(firstPieceMaxMs: number): void {
    this.#hasHeard = false;
    this.#pieceDueAt = performance.now() + firstPieceMaxMs;
  }

  /** The model has sent a piece of the answer: from now on its silence is bounded. */
  heard(): void {
    this.#hasHeard = true;
    this.#pieceDueAt = performance.now() + this.#bounds.silenceMaxMs;
  }

  /** The model is not waited for: its silence means nothing. */
  rest(): void {
    this.#pieceDueAt = Number.POSITIVE_INFINITY;
  }

  /** The step has its answer: what follows is not the model's time. */
  endStep(): void {
    this.rest();
    this.#stepEndsAt = Number.POSITIVE_INFINITY;
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
    this.#timeout = this.#exceededAt(now);
    if (this.#timeout) {
      this.#end();
    } else {
      const next = Math.min(this.#endsAt, this.#stepEndsAt, this.#pieceDueAt, now + this.#lookEveryMs);
      this.#timer = setTimeout(this.#look, Math.ceil(next - now));
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
