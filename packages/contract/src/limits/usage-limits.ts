/** Limits of use: rates, turns at a time, and budgets. */
export const usageLimits = {
  /** Requests per minute of one key family, publishable or secret: a hundred users at their own limit. */
  rateLimitKey: 6_000,
  /** Requests per minute of one user: a person who clicks as fast as possible in three tabs. */
  rateLimitUser: 60,
  /**
   * Requests per minute of one address with publishable keys that reach chats: an office of a hundred busy
   * people.
   */
  rateLimitAddress: 1_200,
  /**
   * Requests per minute of one address that do not authenticate: enough for mistyped keys, and at most two
   * guesses per second.
   */
  rateLimitUnidentified: 120,
  /**
   * New guests and sessions of the chat page per minute and address: everyone in an office opens the page at
   * once.
   */
  rateLimitNewVisitors: 300,
  /**
   * Files of the chat page and the documentation per minute and address: a page has about a dozen, and costs no
   * database read.
   */
  rateLimitFiles: 6_000,
  /**
   * The limits of an IPv6 /48 are this many times those of a /64, because some providers assign each customer
   * a /48.
   */
  widerNetworkFactor: 4,
  /**
   * The visitors of a proxy that `TRUST_PROXY` does not name have together this many times the running answers, open
   * streams and guests' budget of one address: enough to notice the missing setting before it stops the service.
   */
  unnamedProxyFactor: 8,
  /** Unfinished turns of one user at a time: a person reads one answer in a few tabs. */
  concurrentTurnsUser: 4,
  /** The most that a team can set: several processes at their limit. */
  concurrentTurnsMax: 10_000,
  /** A larger budget would never be reached. */
  tokensPerDayMax: 1_000_000_000_000,
  /** Output tokens that the budget reserves before the answer exists: longer than nearly every answer. */
  reservedAnswerTokens: 1_000,
  /** How often a process adds the usage of its ended turns to the sums. */
  usageCountEveryMs: 1_000,
  /** Days that one request for usage can cover: a year and a month to compare. */
  usageDaysMax: 400,
  /** Sums per response; a cursor leads on. */
  usagePageMax: 1_000,
} as const;
