import type { Send, SendStorage, SentFile } from './send.ts';
import { namesIn, withStorage } from './storage.ts';

/** The stored fields of a message: enough to send it again under the same key. */
export type StoredMessage = Pick<Send, 'key' | 'chatId' | 'content' | 'files' | 'createdAt'>;

const ALL = 'parley:send';

/**
 * The unsent messages of one user in a storage that outlives the page. Each message has its own entry, so
 * that tabs do not overwrite each other. If the storage fails, messages are still sent but do not survive a
 * reload.
 */
export class OutboxStorage {
  readonly #storage: SendStorage | undefined;
  readonly #prefix: string;

  /** `user` is undefined for a client without users. */
  constructor(storage: SendStorage | undefined, user?: string) {
    this.#storage = storage;
    this.#prefix = user === undefined ? `${ALL}:` : `${ALL}@${user}:`;
  }

  /** Checks whether the storage contains messages of any user. */
  static isAny(storage: SendStorage | undefined): boolean {
    return namesIn(storage, ALL).length > 0;
  }

  /** Returns all messages in the order in which they were sent. */
  all(): StoredMessage[] {
    return namesIn(this.#storage, this.#prefix)
      .map((name) =>
        parse(
          name.slice(this.#prefix.length),
          this.#try((storage) => storage.getItem(name)),
        ),
      )
      .filter((stored) => stored !== undefined)
      .sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  }

  has(key: string): boolean {
    return this.#try((storage) => storage.getItem(this.#prefix + key)) != null;
  }

  put({ key, chatId, content, files, createdAt }: StoredMessage): void {
    const text = JSON.stringify({ chatId, content, files, createdAt });
    this.#try((storage) => storage.setItem(this.#prefix + key, text));
  }

  remove(key: string): void {
    this.#try((storage) => storage.removeItem(this.#prefix + key));
  }

  /**
   * Moves all messages of another storage into this one. Each message is written here before it is removed
   * there.
   */
  adopt(others: OutboxStorage): void {
    for (const stored of others.all()) {
      this.put(stored);
      if (this.has(stored.key)) others.remove(stored.key);
    }
  }

  #try<Result>(use: (storage: SendStorage) => Result): Result | undefined {
    return withStorage(this.#storage, use);
  }
}

/** Returns undefined for an entry that this code did not write. */
function parse(key: string, text: string | null | undefined): StoredMessage | undefined {
  try {
    const { chatId, content, files, createdAt } = JSON.parse(text ?? '');
    const isStored = [chatId, content, createdAt].every((field) => typeof field === 'string');
    if (!isStored || (files !== undefined && !isFiles(files))) return undefined;
    return { key, chatId, content, ...(files && { files }), createdAt };
  } catch {
    return undefined;
  }
}

function isFiles(files: unknown): files is readonly SentFile[] {
  return (
    Array.isArray(files) &&
    files.every((file) =>
      [file?.id, file?.filename, file?.mediaType].every((field) => typeof field === 'string'),
    )
  );
}
