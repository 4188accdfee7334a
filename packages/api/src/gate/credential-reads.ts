import type { ReadGuard } from '@parley/db';

interface Reads {
  count: number;
  /** Resolves when one of the reads has ended and was counted. */
  next: PromiseWithResolvers<void>;
}

/**
 * Limits concurrent database reads for credentials that this process does not know: an address never has more
 * running reads than unidentified requests left. Otherwise parallel requests with invented keys would all be read
 * before the first is counted.
 */
export class CredentialReads {
  readonly #underWay = new Map<string, Reads>();

  /**
   * Returns the guard for the reads of one address.
   *
   * @param left returns how many unidentified requests the address has left; called again after each wait
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
        // The caller of this read counts its outcome first.
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
