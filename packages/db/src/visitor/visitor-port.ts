import type { Scope } from '../scope.ts';

/** The key that signs visitors' cookies, and the time when the database got its first one. */
export interface CookieKey {
  readonly key: string;
  readonly createdAt: Date;
}

/** The cookies of the chat page's visitors. */
export interface VisitorStore {
  /**
   * The key that signs the cookies of all servers. The first call creates it.
   *
   * @throws ApiError `encryption_key_outdated` when this process cannot open it
   */
  cookieKey(): Promise<CookieKey>;
  /**
   * Gives a user a cookie with a secret of this hash, in place of one of release 0.1.0. A user gets one once. Returns
   * the time of that, or undefined if their data was deleted meanwhile.
   */
  exchange(scope: Scope, user: string, secretHash: string): Promise<Date | undefined>;
  /** The user who got a secret of this hash. */
  findExchanged(scope: Scope, secretHash: string): Promise<string | undefined>;
}
