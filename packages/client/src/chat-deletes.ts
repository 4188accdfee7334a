import { Listeners } from './listeners.ts';
import type { DeferredDeletes } from './parley.ts';
import { type ParleyError, toParleyError } from './parley-error.ts';

export interface ChatDeletesParts {
  /** Deletes a chat now; `isLeaving`: the page may be gone before the answer. */
  readonly deleteChat: (chatId: string, isLeaving: boolean) => Promise<void>;
  /** A chat is gone for good. */
  readonly onDeleted: (chatId: string) => void;
}

/** Time to think again. */
const DELAY_MS = 5_000;

/** See `DeferredDeletes`. */
export class ChatDeletes implements DeferredDeletes {
  readonly #parts: ChatDeletesParts;
  readonly #listeners = new Listeners();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Being deleted, or deleted: lists that were read before still hold them. */
  #gone = new Set<string>();
  #pending: readonly string[] = [];
  #hidden: ReadonlySet<string> = new Set();
  #errors: ReadonlyMap<string, ParleyError> = new Map();

  constructor(parts: ChatDeletesParts) {
    this.#parts = parts;
  }

  schedule(chatId: string, ms: number = DELAY_MS): void {
    if (this.isHidden(chatId)) return;
    this.#errors = without(this.#errors, chatId);
    this.#timers.set(
      chatId,
      setTimeout(() => void this.#delete(chatId, false), ms),
    );
    this.#changed();
  }

  undo(chatId: string): boolean {
    if (!this.#timers.has(chatId)) return false;
    this.#stopTimer(chatId);
    this.#changed();
    return true;
  }

  flush(): void {
    for (const chatId of this.#pending) void this.#delete(chatId, true);
  }

  isPending(chatId: string): boolean {
    return this.#timers.has(chatId);
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

  /** Somebody else deletes from now on: what waited is taken back, for its user alone may delete it. */
  startOver(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#gone = new Set();
    this.#errors = new Map();
    this.#changed();
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async #delete(chatId: string, isLeaving: boolean): Promise<void> {
    this.#stopTimer(chatId);
    const gone = this.#gone;
    gone.add(chatId);
    this.#changed();
    try {
      await this.#parts.deleteChat(chatId, isLeaving);
    } catch (thrown) {
      // Who asked for it is here no more.
      if (gone !== this.#gone) return;
      const error = toParleyError(thrown);
      // Somebody else was faster.
      if (error.code !== 'chat_not_found') return this.#failed(chatId, error);
    }
    this.#parts.onDeleted(chatId);
  }

  #failed(chatId: string, error: ParleyError): void {
    this.#gone.delete(chatId);
    this.#errors = new Map([...this.#errors, [chatId, error]]);
    this.#changed();
  }

  #stopTimer(chatId: string): void {
    clearTimeout(this.#timers.get(chatId));
    this.#timers.delete(chatId);
  }

  #changed(): void {
    this.#pending = [...this.#timers.keys()];
    this.#hidden = new Set([...this.#pending, ...this.#gone]);
    this.#listeners.call();
  }
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  return map.has(key) ? new Map([...map].filter(([name]) => name !== key)) : map;
}
