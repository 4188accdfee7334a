/**
 * All limits of Parley, each with its reason. Lengths are in Unicode code points (as JSON Schema counts),
 * sizes in bytes, times in milliseconds, unless the name or comment says otherwise.
 */
export const limits = {
  /** At 4 bytes per character a message stays below 128 KiB. Longer texts belong in a file. */
  messageLengthMax: 32_000,
  /** Fits any e-mail address (254) and ids of other systems. */
  userIdLengthMax: 256,
  /** OpenAI allows 16 pairs of 64 and 512 characters, which is 9 KiB; rounded up. */
  metadataBytesMax: 16 * 1024,
  /** Metadata is a set of labels; deeper values cost recursion without a use. */
  metadataDepthMax: 8,
  /** Fits the longest message with every character escaped as `\uXXXX` pairs. */
  bodyBytesMax: 512 * 1024,
  /** Fits a long prompt and sixteen tools with a JSON Schema each. */
  agentBodyBytesMax: 1024 * 1024,
  batchBodyBytesMax: 1024 * 1024,
  /**
   * Object keys in a body. Parsing and checking 100,000 keys blocks the process for a quarter of a second.
   */
  bodyKeysMax: 10_000,
  /** Nesting levels of a body: twice the depth of the deepest valid body (a tool's JSON Schema). */
  bodyDepthMax: 32,
  /** Lists show names. */
  nameLengthMax: 120,
  /** A list shows a title in one line. */
  titleLengthMax: 200,
  /**
   * The length of the initial title, which is taken from the first message. A narrow list shows this much.
   */
  givenTitleLengthMax: 80,
  /** A search consists of a few words. */
  searchLengthMax: 200,
  /** An agent's type is a label to filter by. */
  agentTypeLengthMax: 64,
  descriptionLengthMax: 1_000,
  /** Leaves half of an 8k context to the history. */
  systemPromptLengthMax: 32_000,
  /** The list of messages is returned without paging; this many fit a response. */
  chatMessagesMax: 10_000,
  chatTextBytesMax: 16 * 1024 * 1024,
  /** The list of chats is returned without paging up to this length; longer lists continue with a cursor. */
  chatListMax: 10_000,
  /**
   * The size at which a list of chats without paging ends and continues with a cursor: the size of the
   * longest chat.
   */
  largeAnswerBytesMax: 16 * 1024 * 1024,
  /** Large lists that a process reads at once. Each takes a second of one core and about 50 MB. */
  largeListsMax: 2,
  /** Large lists that wait for their turn. Further ones are rejected, because they would wait too long. */
  largeListsWaitingMax: 32,
  /** Large lists of one user that are read or wait: a person opens one, and perhaps one more in another tab. */
  largeListsPerUserMax: 2,
  /** The same for one address of visitors: a few people of an office at the same time. */
  largeListsPerAddressMax: 8,
  /** The same for one secret key: half of the places that wait, so that others find one. */
  largeListsPerKeyMax: 16,
  /**
   * Large responses of a process that are not sent completely. Beyond this the slowest reader's connection is
   * closed.
   */
  largeAnswersUnsentMax: 8,
  pageLimitMax: 1_000,
  /** Calls in one tRPC batch. A page makes a handful of calls at once. */
  batchCallsMax: 20,
  /** Parley's own cursors are shorter. */
  cursorLengthMax: 512,
  /**
   * Waiting turns of one chat. People do not type further ahead; scripts get an error that asks them to
   * wait.
   */
  queuedTurnsPerChatMax: 8,
  /** Running turns of one process. Each holds a socket to the model and at most one answer in memory. */
  runningTurnsMax: 1_000,
  /** Running turns of one address whose callers are not verified by a team: an office of visitors. */
  runningPerAddressMax: 64,
  /** Further turns of that address that are accepted and wait: a few minutes of an office's messages. */
  waitingPerAddressMax: 256,
  /**
   * In UTF-16 units. A longer answer is cut, like one that reaches the model's own limit. This keeps a turn
   * far below MongoDB's 16 MB.
   */
  answerLengthMax: 256_000,
  /** One call of the model with all its retries. Fits the longest answer of a slow local model. */
  turnTimeMaxMs: 300_000,
  /** The longest time from a call of the model to its first piece. */
  modelFirstPieceMaxMs: 60_000,
  /** The longest pause between two pieces of an answer. After it the model counts as failed. */
  modelSilenceMaxMs: 60_000,
  /** The longest wait of a request for its answer: the turn's own time and that of its predecessors. */
  sendWaitMaxMs: 600_000,
  /** The time after which another process takes over the turns of a dead process. */
  leaseMs: 10_000,
  /**
   * How often a process checks whether its turns were cancelled or deleted, and writes their text to the log.
   */
  tickMs: 250,
  /**
   * A turn whose processes died more often is ended as failed, so that it cannot kill every process in turn.
   */
  takeoversMax: 2,
  /** The default share of the history in the context. Fits the 8k window of most models. */
  contextTokensDefault: 6_000,
  /** How long the absence of a key or token is cached. */
  missingCacheMs: 2_000,
  /**
   * The longest time until a revoked key is rejected, and a changed agent is used, by every process. Access ends within five
   * seconds, which includes the first check of a stream that was opened just before, and two reads for it.
   */
  cacheMs: 3_500,
  /** How old the authentication of a request can be when its body has arrived. An older one is repeated. */
  authenticationMaxMs: 250,
  /** The limit of Stripe and of the IETF draft-ietf-httpapi-idempotency-key-header. */
  idempotencyKeyLengthMax: 255,
  /** How long a cancel request waits for the end of the turn. A live process stops a turn within a second. */
  cancelWaitMaxMs: 3_000,
  /** The longest pause between two signs of life on an idle stream. Proxies cut after 30 to 60 s. */
  heartbeatMs: 10_000,
  /** A reader that receives nothing for this long is disconnected. */
  readerStallMaxMs: 60_000,
  /**
   * How long the log of a running answer is kept: much longer than any turn (three attempts of 5 minutes, and
   * their queue).
   */
  turnLogSeconds: 3 * 60 * 60,
  /** Open streams of one user per process: a few tabs on a few devices. */
  streamsPerUserMax: 20,
  /** Open streams of one address per process: an office of people with a few tabs each. */
  streamsPerAddressMax: 500,
  /** Open streams per process. Each holds a socket and a few kilobytes. */
  streamsMax: 10_000,
  /** How often a process checks the credentials of its open streams again. */
  streamCheckEveryMs: 2_000,
  /**
   * How soon a process checks the credentials of a new stream, which may have been opened with cached ones.
   */
  streamFirstCheckMs: 500,
  /** A stream whose credentials could not be checked for this long is ended. */
  streamUncheckedMaxMs: 30_000,
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
  /** A follower of a chat that is further behind gets a snapshot of the newest messages instead. */
  chatEventsBehindMax: 50,
  /** The texts of such a snapshot: it is one event, kept in memory until its reader takes it. */
  chatSnapshotBytesMax: 256 * 1024,
  /** Keys and agents that a process caches; the least recently used is evicted. */
  cacheEntriesMax: 10_000,
  /** UTF-16 units of prompts and tools that a process caches. One agent may have a quarter of a million. */
  cacheTextMax: 32 * 1024 * 1024,
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
  /** Connections per process: its streams, and a fifth more. */
  connectionsMax: 12_000,
  /** Connections per address: its streams, and as many requests. */
  connectionsPerAddressMax: 1_000,
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
  /** People read the list of keys. */
  keyListMax: 1_000,
  /** A root key, the keys that it issued, and the keys that those issued. */
  keyGenerationsMax: 3,
  /** A key is used from a handful of sites. */
  keyOriginsMax: 20,
  /** A key serves the few agents of one product. */
  keyAgentsMax: 20,
  /** Fits a user token with many claims. */
  userTokenLengthMax: 4_096,
  /** Limits how long a stolen user token works. */
  userTokenSecondsMax: 60 * 60,
  /** How long the chat page's own tokens work. An open page renews its token. */
  webUserTokenSeconds: 10 * 60,
  /** How long the chat page's cookie works after the last visit, to a day. */
  webCookieSeconds: 365 * 24 * 60 * 60,
  /** The largest accepted difference between the clocks of a customer's servers and ours. */
  userTokenClockSeconds: 30,
  /** Identity providers set the life of their tokens: most an hour, some a day. */
  issuedTokenSecondsMax: 24 * 60 * 60,
  tokenIssuerNameLengthMax: 512,
  /** Shorter RSA keys are not secure (RFC 7518, section 3.3). */
  rsaBitsMin: 2_048,
  /** Active signing secrets at a time: the current one and those it replaces. */
  signingSecretsMax: 5,
  /** A guest who was inactive for this long is deleted. Browsers do not keep cookies longer. */
  guestSeconds: 400 * 24 * 60 * 60,
  /** The default time that a rolled key keeps working: a careful roll-out takes a day. */
  keyOverlapSeconds: 24 * 60 * 60,
  /** The longest time that a rolled key keeps working: a slow roll-out. */
  keyOverlapSecondsMax: 30 * 24 * 60 * 60,
  /** The accuracy of a key's last use. A write per request would cost too much. */
  keyLastUsedEveryMs: 60_000,
  /**
   * Versions of an agent that are kept. With the longest prompts and the most tools the document stays far
   * below 16 MB.
   */
  agentVersionsMax: 20,
  /** Models that may answer for an agent: beyond three a user would wait too long for the last one. */
  agentModelsMax: 3,
  /** Failures in a row after which other models of a list are asked before this one. */
  modelCircuitFailures: 5,
  /** How long a model that failed so often is asked last, before one call probes it. */
  modelCircuitOpenMs: 30_000,
  /** The longest retention that makes sense. */
  retentionDaysMax: 3_650,
  /** How often the server searches for chats that have reached their retention, which counts in days. */
  retentionEveryMs: 60 * 60 * 1_000,
  /** Audit entries are kept for a year and a month. */
  auditSeconds: 400 * 24 * 60 * 60,
  /** The default page size of the audit log. */
  auditPageDefault: 100,
  /**
   * The interval in which the same leaked key is recorded once, not for each visitor of the page that leaks
   * it.
   */
  auditSameEveryMs: 60 * 60 * 1_000,
  /**
   * How long a request to delete a user works before a background job continues: enough for hundreds of
   * chats.
   */
  deletionWaitMs: 5_000,
  /** How often a background job continues unfinished deletions of users. */
  deletionsEveryMs: 5_000,
  /** How often a background job moves chats that a guest's claim has left behind. */
  guestMovesEveryMs: 5_000,
  /** How long the record of a user's deletion, without the user's id, is kept: as long as the audit log. */
  deletionSeconds: 400 * 24 * 60 * 60,
  /** People choose from the list of agents. */
  agentListMax: 1_000,
  /** Models choose badly between more tools. */
  toolsMax: 16,
  /** The longest URL that servers and proxies commonly accept. */
  toolUrlLengthMax: 2_048,
  /** The model receives the whole schema with every call. */
  toolSchemaBytesMax: 16 * 1024,
  /** Models fill in deeper schemas badly. */
  toolSchemaDepthMax: 16,
  /** Parts of a schema after its references are resolved. Limits the cost of checking arguments. */
  toolSchemaPartsMax: 500,
  /** An API key and a few headers of a gateway. */
  toolHeadersMax: 8,
  /** Fits a signed token. */
  toolHeaderLengthMax: 2_048,
  /** A person waits for the answer meanwhile. */
  toolTimeoutMs: 10_000,
  toolTimeoutMaxMs: 60_000,
  toolTimeoutMinMs: 100,
  /** Model responses with tool calls in one turn. A model that makes more is going in circles. */
  toolStepsMax: 8,
  /** Tool calls in one such response. A turn with all calls and results stays far below MongoDB's 16 MB. */
  toolCallsPerStepMax: 8,
  /** In UTF-16 units. Fits the contents of a form. */
  toolArgumentsLengthMax: 16_000,
  /** In UTF-16 units. A longer result is cut: this much already fills a quarter of most models' context. */
  toolResultLengthMax: 16_000,
  /** A larger response counts as a failed call. */
  toolResponseBytesMax: 1024 * 1024,
  /** All tools of an agent as JSON. With twenty versions an agent stays far below MongoDB's 16 MB. */
  toolsBytesMax: 256 * 1024,
  /** The time from SIGTERM to exit in which running turns may finish. Orchestrators kill after 30 s. */
  drainMs: 20_000,
} as const;
