import type { Send, SendStorage } from './send.ts';

/** What is remembered of a send: enough to send it again as the same. */
export type KeptSend = Pick<Send, 'key' | 'chatId' | 'content' | 'createdAt'>;

const PREFIX = 'parley:send:';

/**
 * The sends in a storage that outlives the page, one entry each, so that tabs that share it do not overwrite
 * each other's. A storage that is full, forbidden or broken loses nothing but the memory over a reload.
 */
export class KeptSends {
  readonly #storage: SendStorage | undefined;

  constructor(storage: SendStorage | undefined) {
    this.#storage = storage;
  }

  /** All of them, in the order in which they were sent. */
  all(): KeptSend[] {
    const found = this.#try((storage) =>
      Array.from({ length: storage.length }, (_, index) => storage.key(index))
        .filter((name) => name?.startsWith(PREFIX))
        .map((name) => parse(name?.slice(PREFIX.length) ?? '', storage.getItem(name ?? ''))),
    );
    return (found ?? [])
      .filter((kept) => kept !== undefined)
      .sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  }

  has(key: string): boolean {
    return this.#try((storage) => storage.getItem(PREFIX + key)) != null;
  }

  put({ key, chatId, content, createdAt }: KeptSend): void {
    this.#try((storage) => storage.setItem(PREFIX + key, JSON.stringify({ chatId, content, createdAt })));
  }

  remove(key: string): void {
    this.#try((storage) => storage.removeItem(PREFIX + key));
  }

  #try<Result>(use: (storage: SendStorage) => Result): Result | undefined {
    try {
      return this.#storage && use(this.#storage);
    } catch {
      return undefined;
    }
  }
}

/** Undefined for what no version of this code has written. */
function parse(key: string, text: string | null): KeptSend | undefined {
  try {
    const { chatId, content, createdAt } = JSON.parse(text ?? '');
    const isKept = [chatId, content, createdAt].every((field) => typeof field === 'string');
    return isKept ? { key, chatId, content, createdAt } : undefined;
  } catch {
    return undefined;
  }
}
