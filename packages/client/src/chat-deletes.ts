import { Listeners } from './listeners.ts';
import type { DeferredDeletes } from './parley.ts';
import { type ParleyError, toParleyError } from './parley-error.ts';

/** The dependencies of `ChatDeletes`. */
export interface ChatDeletesDeps {
  /** Deletes a chat on the server. `isLeaving` means that the page may close before the response. */
  readonly deleteChat: (chatId: string, isLeaving: boolean) => Promise<void>;
  /** Called after a chat was deleted. */
  readonly onDeleted: (chatId: string) => void;
}

/** The time in which a delete can be undone. */
const DELAY_MS = 10_000;

/** A scheduled delete. */
interface Scheduled {
  /** Undefined while the deletes are paused. */
  timer: ReturnType<typeof setTimeout> | undefined;
  leftMs: number;
  /** When `timer` was started, on the monotonic clock. */
  startedAt: number;
}

/** Implements `DeferredDeletes`. */
export class ChatDeletes implements DeferredDeletes {
  readonly #deps: ChatDeletesDeps;
  readonly #listeners = new Listeners();
  readonly #scheduled = new Map<string, Scheduled>();
  /** How many calls of `pause` have not been resumed. */
  #pauses = 0;
  /** Chats that are being deleted or were deleted. Lists that were loaded earlier may still contain them. */
  #deleted = new Set<string>();
  #pending: readonly string[] = [];
  #hidden: ReadonlySet<string> = new Set();
  #errors: ReadonlyMap<string, ParleyError> = new Map();

  constructor(deps: ChatDeletesDeps) {
    this.#deps = deps;
  }

  schedule(chatId: string, ms: number = DELAY_MS): void {
    if (this.isHidden(chatId)) return;
    this.#errors = without(this.#errors, chatId);
    this.#scheduled.set(chatId, { timer: undefined, leftMs: ms, startedAt: 0 });
    if (this.#pauses === 0) this.#startTimer(chatId);
    this.#changed();
  }

  undo(chatId: string): boolean {
    if (!this.#scheduled.has(chatId)) return false;
    this.#unschedule(chatId);
    this.#changed();
    return true;
  }

  pause(): () => void {
    this.#pauses++;
    if (this.#pauses === 1) for (const chatId of this.#pending) this.#stopTimer(chatId);
    let isPaused = true;
    return () => {
      if (!isPaused) return;
      isPaused = false;
      this.#pauses--;
      if (this.#pauses === 0) for (const chatId of this.#pending) this.#startTimer(chatId);
    };
  }

  flush(): void {
    for (const chatId of this.#pending) void this.#delete(chatId, true);
  }

  isPending(chatId: string): boolean {
    return this.#scheduled.has(chatId);
  }

  isHidden(chatId: string): boolean {
    return this.#hidden.has(chatId);
  }

  hidden(): ReadonlySet<string> {
    return this.#hidden;
  }

  pending(): readonly string[] {
    return this.#pending;
  }

  errors(): ReadonlyMap<string, ParleyError> {
    return this.#errors;
  }

  /**
   * Cancels all waiting deletes when the user changes: only the user who scheduled a delete may execute it.
   */
  reset(): void {
    for (const chatId of this.#pending) this.#unschedule(chatId);
    this.#deleted = new Set();
    this.#errors = new Map();
    this.#changed();
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async #delete(chatId: string, isLeaving: boolean): Promise<void> {
    this.#unschedule(chatId);
    const deleted = this.#deleted;
    deleted.add(chatId);
    this.#changed();
    try {
      await this.#deps.deleteChat(chatId, isLeaving);
    } catch (thrown) {
      // Another user took over in the meantime.
      if (deleted !== this.#deleted) return;
      const error = toParleyError(thrown);
      // Someone else deleted the chat first.
      if (error.code !== 'chat_not_found') return this.#failed(chatId, error);
    }
    this.#deps.onDeleted(chatId);
  }

  #failed(chatId: string, error: ParleyError): void {
    this.#deleted.delete(chatId);
    this.#errors = new Map([...this.#errors, [chatId, error]]);
    this.#changed();
  }

  #startTimer(chatId: string): void {
    const scheduled = this.#scheduled.get(chatId);
    if (!scheduled) return;
    scheduled.startedAt = performance.now();
    scheduled.timer = setTimeout(() => void this.#delete(chatId, false), scheduled.leftMs);
  }

  #stopTimer(chatId: string): void {
    const scheduled = this.#scheduled.get(chatId);
    if (scheduled?.timer === undefined) return;
    clearTimeout(scheduled.timer);
    scheduled.timer = undefined;
    scheduled.leftMs = Math.max(scheduled.leftMs - (performance.now() - scheduled.startedAt), 0);
  }

  #unschedule(chatId: string): void {
    this.#stopTimer(chatId);
    this.#scheduled.delete(chatId);
  }

  #changed(): void {
    this.#pending = [...this.#scheduled.keys()];
    this.#hidden = new Set([...this.#pending, ...this.#deleted]);
    this.#listeners.call();
  }
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  return map.has(key) ? new Map([...map].filter(([name]) => name !== key)) : map;
}
