import type { ReadGuard } from '@parley/db';

interface Reads {
  count: number;
  /** Resolves when one of them has ended and its outcome is counted. */
  next: PromiseWithResolvers<void>;
}

/**
 * Bounds the database reads for credentials this process does not know: an address never has more of them under way
 * than it has unidentified requests left. Otherwise parallel requests with invented keys would all be read before the
 * first of them is counted.
 */
export class CredentialReads {
  readonly #underWay = new Map<string, Reads>();

  /**
   * @param left how many unidentified requests the address has left; asked again after each wait
   * @param reject throws the error for an address that has none left
   */
  guard(address: string, left: () => number, reject: () => never): ReadGuard {
    return async (read) => {
      for (;;) {
        const room = left();
        if (room <= 0) reject();
        const reads = this.#underWay.get(address);
        if (!reads || reads.count < room) break;
        await reads.next.promise;
      }
      const reads = this.#underWay.get(address) ?? { count: 0, next: Promise.withResolvers<void>() };
      reads.count++;
      this.#underWay.set(address, reads);
      try {
        return await read();
      } finally {
        // Not before the caller of this read had the chance to count its outcome.
        setImmediate(() => this.#end(address, reads));
      }
    };
  }

  #end(address: string, reads: Reads): void {
    reads.count--;
    if (reads.count === 0) this.#underWay.delete(address);
    const { resolve } = reads.next;
    reads.next = Promise.withResolvers<void>();
    resolve();
  }
}
