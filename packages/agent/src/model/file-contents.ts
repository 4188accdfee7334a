import type { Id, MessageFile } from '@parley/contract';
import type { ModelMessage } from './model.ts';

/** Reads the content of a file. Undefined if the file was deleted. */
export type ReadFile = (file: MessageFile) => Promise<Uint8Array | undefined>;

/** The contents of the files of a request. Files that were deleted are missing. */
export type Contents = ReadonlyMap<Id<'file'>, Uint8Array>;

/** No files. */
export const NO_CONTENTS: Contents = new Map();

/** The bytes of files that all requests of a process hold at once. A request holds them only while it is sent. */
const BYTES_MAX = 64 * 1024 * 1024;

/** Reads the contents of files for requests to models. Requests wait for each other, so that memory is bounded. */
export class FileContents {
  readonly #read: ReadFile;
  readonly #bytesMax: number;
  /** First come, first served: a large request is not passed by small ones for ever. */
  readonly #waiting: { readonly bytes: number; readonly admit: () => void }[] = [];
  #bytes = 0;

  constructor(read: ReadFile = async () => undefined, bytesMax = BYTES_MAX) {
    this.#read = read;
    this.#bytesMax = bytesMax;
  }

  /**
   * Calls `send` with the contents of these files, and holds them until it has settled. A request that is larger than the bound is
   * sent alone.
   *
   * @throws the errors of `send`, and of reading a file
   */
  async use<Result>(
    files: readonly MessageFile[],
    send: (contents: Contents) => Promise<Result>,
  ): Promise<Result> {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    await this.#enter(bytes);
    try {
      const contents = new Map<Id<'file'>, Uint8Array>();
      for (const file of files) {
        const content = contents.get(file.id) ?? (await this.#read(file));
        if (content) contents.set(file.id, content);
      }
      return await send(contents);
    } finally {
      this.#bytes -= bytes;
      this.#admitWaiting();
    }
  }

  async #enter(bytes: number): Promise<void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes))
      return new Promise((admit) => this.#waiting.push({ bytes, admit }));
    this.#bytes += bytes;
  }

  #admitWaiting(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.admit();
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax;
  }
}

/** The files of messages. */
export function filesOf(messages: readonly ModelMessage[]): readonly MessageFile[] {
  return messages.flatMap((message) => ('files' in message ? (message.files ?? []) : []));
}
