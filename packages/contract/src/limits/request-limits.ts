/** Limits of requests, responses, lists and connections. */
export const requestLimits = {
  /** Fits the longest message with every character escaped as `\uXXXX` pairs. */
  bodyBytesMax: 512 * 1024,
  batchBodyBytesMax: 1024 * 1024,
  /** Fits a long prompt and sixteen tools with a JSON Schema each. */
  agentBodyBytesMax: 1024 * 1024,
  /**
   * Object keys in a body. Parsing and checking 100,000 keys blocks the process for a quarter of a second.
   */
  bodyKeysMax: 10_000,
  /** Nesting levels of a body: twice the depth of the deepest valid body (a tool's JSON Schema). */
  bodyDepthMax: 32,
  /** Calls in one tRPC batch. A page makes a handful of calls at once. */
  batchCallsMax: 20,
  /** The limit of Stripe and of the IETF draft-ietf-httpapi-idempotency-key-header. */
  idempotencyKeyLengthMax: 255,
  /** How old the authentication of a request can be when its body has arrived. An older one is repeated. */
  authenticationMaxMs: 250,
  pageLimitMax: 1_000,
  /** Parley's own cursors are shorter. */
  cursorLengthMax: 512,
  /**
   * The size at which a list of chats without paging ends and continues with a cursor: the size of the
   * longest chat.
   */
  largeAnswerBytesMax: 16 * 1024 * 1024,
  /**
   * Large responses of a process that are not sent completely. Beyond this the slowest reader's connection is
   * closed.
   */
  largeAnswersUnsentMax: 8,
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
  /** Connections per process: its streams, and a fifth more. */
  connectionsMax: 12_000,
  /** Connections per address: its streams, and as many requests. */
  connectionsPerAddressMax: 1_000,
  /** The time from SIGTERM to exit in which running turns may finish. Orchestrators kill after 30 s. */
  drainMs: 20_000,
} as const;
