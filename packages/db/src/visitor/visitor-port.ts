import type { Scope } from '../scope.ts';

/** The visitors of the chat page, as far as their cookies are concerned. */
export interface VisitorStore {
  /** What all servers sign the cookies with; made by the first to ask. `createdAt` is when that was. */
  cookieKey(): Promise<{ readonly key: string; readonly createdAt: Date }>;
  /**
   * Gives a user a cookie with a secret of this hash, in place of one of release 0.1.0. A user gets one once: answers
   * when that was, or undefined when their data has been deleted meanwhile.
   */
  exchange(scope: Scope, user: string, secretHash: string): Promise<Date | undefined>;
  /** The user who got a secret of this hash. */
  findExchanged(scope: Scope, secretHash: string): Promise<string | undefined>;
}
