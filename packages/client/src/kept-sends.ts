import type { Send, SendStorage } from './send.ts';
import { namesIn, using } from './storage.ts';

/** What is remembered of a send: enough to send it again as the same. */
export type KeptSend = Pick<Send, 'key' | 'chatId' | 'content' | 'createdAt'>;

const ALL = 'parley:send';

/**
 * The sends of one user in a storage that outlives the page, one entry each, so that tabs that share it do not
 * overwrite each other's. A storage that is full, forbidden or broken loses nothing but the memory over a reload.
 */
export class KeptSends {
  readonly #storage: SendStorage | undefined;
  readonly #prefix: string;

  /** Without a user: those of nobody in particular. */
  constructor(storage: SendStorage | undefined, user?: string) {
    this.#storage = storage;
    this.#prefix = user === undefined ? `${ALL}:` : `${ALL}@${user}:`;
  }

  /** Whether there are any, of whomever. */
  static isAny(storage: SendStorage | undefined): boolean {
    return namesIn(storage, ALL).length > 0;
  }

  /** All of them, in the order in which they were sent. */
  all(): KeptSend[] {
    return namesIn(this.#storage, this.#prefix)
      .map((name) =>
        parse(
          name.slice(this.#prefix.length),
          this.#try((storage) => storage.getItem(name)),
        ),
      )
      .filter((kept) => kept !== undefined)
      .sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  }

  has(key: string): boolean {
    return this.#try((storage) => storage.getItem(this.#prefix + key)) != null;
  }

  put({ key, chatId, content, createdAt }: KeptSend): void {
    const text = JSON.stringify({ chatId, content, createdAt });
    this.#try((storage) => storage.setItem(this.#prefix + key, text));
  }

  remove(key: string): void {
    this.#try((storage) => storage.removeItem(this.#prefix + key));
  }

  /** Takes over what others left; each is kept here before it is gone there. */
  adopt(others: KeptSends): void {
    for (const kept of others.all()) {
      this.put(kept);
      if (this.has(kept.key)) others.remove(kept.key);
    }
  }

  #try<Result>(use: (storage: SendStorage) => Result): Result | undefined {
    return using(this.#storage, use);
  }
}

/** Undefined for what no version of this code has written. */
function parse(key: string, text: string | null | undefined): KeptSend | undefined {
  try {
    const { chatId, content, createdAt } = JSON.parse(text ?? '');
    const isKept = [chatId, content, createdAt].every((field) => typeof field === 'string');
    return isKept ? { key, chatId, content, createdAt } : undefined;
  } catch {
    return undefined;
  }
}
