/** Limits of keys, tokens, guests and users, and of the caches that authentication reads. */
export const credentialLimits = {
  /** How long the absence of a key or token is cached. */
  missingCacheMs: 2_000,
  /**
   * The longest time until a revoked key is rejected, and a changed agent is used, by every process. Access ends within five
   * seconds, which includes the first check of a stream that was opened just before, and two reads for it.
   */
  cacheMs: 3_500,
  /** Keys and agents that a process caches; the least recently used is evicted. */
  cacheEntriesMax: 10_000,
  /** UTF-16 units of prompts and tools that a process caches. One agent may have a quarter of a million. */
  cacheTextMax: 32 * 1024 * 1024,
  /** People read the list of keys. */
  keyListMax: 1_000,
  /** A root key, the keys that it issued, and the keys that those issued. */
  keyGenerationsMax: 3,
  /** A key is used from a handful of sites. */
  keyOriginsMax: 20,
  /** A key serves the few agents of one product. */
  keyAgentsMax: 20,
  /** The default time that a rolled key keeps working: a careful roll-out takes a day. */
  keyOverlapSeconds: 24 * 60 * 60,
  /** The longest time that a rolled key keeps working: a slow roll-out. */
  keyOverlapSecondsMax: 30 * 24 * 60 * 60,
  /** The accuracy of a key's last use. A write per request would cost too much. */
  keyLastUsedEveryMs: 60_000,
  /** Fits any e-mail address (254) and ids of other systems. */
  userIdLengthMax: 256,
  /** Fits a user token with many claims. */
  userTokenLengthMax: 4_096,
  /** Limits how long a stolen user token works. */
  userTokenSecondsMax: 60 * 60,
  /** The largest accepted difference between the clocks of a customer's servers and ours. */
  userTokenClockSeconds: 30,
  /** How long the chat page's own tokens work. An open page renews its token. */
  webUserTokenSeconds: 10 * 60,
  /** How long the chat page's cookie works after the last visit, to a day. */
  webCookieSeconds: 365 * 24 * 60 * 60,
  /** Identity providers set the life of their tokens: most an hour, some a day. */
  issuedTokenSecondsMax: 24 * 60 * 60,
  tokenIssuerNameLengthMax: 512,
  /** Shorter RSA keys are not secure (RFC 7518, section 3.3). */
  rsaBitsMin: 2_048,
  /** Active signing secrets at a time: the current one and those it replaces. */
  signingSecretsMax: 5,
  /** A guest who was inactive for this long is deleted. Browsers do not keep cookies longer. */
  guestSeconds: 400 * 24 * 60 * 60,
  /**
   * How long a sign-out is kept: longer than any guest, cookie or token that it withdrew can live, so that none works
   * again.
   */
  userStatusSeconds: 402 * 24 * 60 * 60,
  /**
   * How often the server searches for turns of recently blocked users: a process may have accepted one more.
   */
  blockedUsersEveryMs: 5_000,
  /** How long after a block it searches: longer than any process caches that the user is not blocked. */
  blockSettledMs: 20_000,
} as const;
