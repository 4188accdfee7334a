/**
 * Every bound of Parley, each with its reason. Lengths are in Unicode code points (what JSON Schema counts),
 * sizes in bytes, times in milliseconds.
 */
export const limits = {
  /** Longer texts belong in a file; at 4 bytes a character a message stays under 128 KiB. */
  messageLengthMax: 32_000,
  /** Room for any e-mail address (254) or foreign id. */
  userIdLengthMax: 256,
  /** A yardstick of the field (OpenAI: 16 pairs of 64 and 512 characters is 9 KiB), rounded up. */
  metadataBytesMax: 16 * 1024,
  /** Deeper is a document, not a label, and recursion over it would cost. */
  metadataDepthMax: 8,
  /** A message of the longest text, each character escaped as `\uXXXX` pairs, still fits. */
  bodyBytesMax: 512 * 1024,
  /** An agent has a long prompt, and up to sixteen tools with a JSON Schema each. */
  agentBodyBytesMax: 1024 * 1024,
  batchBodyBytesMax: 1024 * 1024,
  /** Object keys of a body: parsing and checking 100,000 of them blocks the process for a quarter of a second. */
  bodyKeysMax: 10_000,
  /** Levels of a body: the deepest valid one (a tool's JSON Schema) has half of them. */
  bodyDepthMax: 32,
  /** Names are shown in lists. */
  nameLengthMax: 120,
  /** A title is one line of a list. */
  titleLengthMax: 200,
  /** A title that a chat gets by itself: what a narrow list shows of it. */
  givenTitleLengthMax: 80,
  /** What is searched for is a few words. */
  searchLengthMax: 200,
  /** A type is a label to filter by. */
  agentTypeLengthMax: 64,
  descriptionLengthMax: 1_000,
  /** Leaves half of an 8k context to the history. */
  systemPromptLengthMax: 32_000,
  /** The list of messages is answered complete; this is what fits an answer without paging. */
  chatMessagesMax: 10_000,
  chatTextBytesMax: 16 * 1024 * 1024,
  /** Chats are answered complete up to here; beyond it, a cursor leads on. */
  chatListMax: 10_000,
  /** A list of chats that is answered without paging ends here; a cursor leads on. As long as the longest chat. */
  largeAnswerBytesMax: 16 * 1024 * 1024,
  /** Large lists that a process reads at a time: each takes a core's time for a second, and some 50 MB. */
  largeListsMax: 2,
  /** More than these do not wait for a place: they would wait for too long. */
  largeListsWaitingMax: 32,
  /** Large answers that were not sent yet, of one process: beyond it the slowest reader's connection is closed. */
  largeAnswersUnsentMax: 8,
  pageLimitMax: 1_000,
  /** Calls in one tRPC batch: a page asks for a handful at once. */
  batchCallsMax: 20,
  /** Cursors are short; a longer one was not made here. */
  cursorLengthMax: 512,
  /** Waiting turns of one chat: a person does not type more ahead, a script is told to wait. */
  queuedTurnsPerChatMax: 8,
  /** Running turns of one process: each holds a socket to the model and at most one answer in memory. */
  runningTurnsMax: 1_000,
  /** Running turns of one address whose callers no team has verified: an office of visitors. */
  runningPerAddressMax: 64,
  /** Further turns of that address that are accepted and wait: some minutes of an office. */
  waitingPerAddressMax: 256,
  /** In UTF-16 units. An answer beyond this is cut as the model's own length limit would: a turn stays far under MongoDB's 16 MB. */
  answerLengthMax: 256_000,
  /** One call of the model, all its retries included; the longest answer of a slow local model fits. */
  turnTimeMaxMs: 300_000,
  /** From one piece of an answer to the next: a model that is silent for longer is gone. */
  modelSilenceMaxMs: 60_000,
  /** How long a waiting send waits: the turn's own time and its predecessors' in the queue. */
  sendWaitMaxMs: 600_000,
  /** What a process that dies leaves is taken over after this. */
  leaseMs: 10_000,
  /** How often a process looks whether its turns were cancelled or deleted, and writes their text to the log. */
  tickMs: 250,
  /** A turn that killed two runners is not given a third. */
  takeoversMax: 2,
  /** The history's share of the context, when nothing is set: fits the 8k window most models have. */
  contextTokensDefault: 6_000,
  /** A key or token that does not exist is not looked up again within this time. */
  missingCacheMs: 2_000,
  /** A revoked key is refused, and a changed agent is used, everywhere within this time. */
  cacheMs: 4_000,
  /** As the field's APIs have it (Stripe, IETF draft-ietf-httpapi-idempotency-key-header). */
  idempotencyKeyLengthMax: 255,
  /** How long a cancel waits to tell how the turn ended: what is alive stops within a second. */
  cancelWaitMaxMs: 3_000,
  /** A silent stream shows that it lives at least this often; proxies cut after 30 to 60 s. */
  heartbeatMs: 10_000,
  /** A reader that takes nothing for this long is gone. */
  readerStallMaxMs: 60_000,
  /** A running answer's log outlives every turn by far (three attempts of 5 minutes and their queue). */
  turnLogSeconds: 3 * 60 * 60,
  /** Open streams of one user in a process: a person has a handful of tabs open, on a few devices. */
  streamsPerUserMax: 20,
  /** Open streams of one address in a process: an office of people, each with a few tabs. */
  streamsPerAddressMax: 500,
  /** Open streams of one process: each holds a socket and a few kilobytes. */
  streamsMax: 10_000,
  /** How often the credentials of all open streams are read again. */
  streamCheckEveryMs: 2_000,
  /** How soon those of a new stream are: it may have been opened with what was remembered. */
  streamFirstCheckMs: 500,
  /** A stream whose credentials could not be read for so long is ended. */
  streamUncheckedMaxMs: 30_000,
  /** How long a sign-out is remembered: as long as a guest's token, or a browser's cookie, may live. */
  userStatusSeconds: 400 * 24 * 60 * 60,
  /** How often answers of users who were just blocked are looked for: a server may have accepted one more. */
  blockedUsersEveryMs: 5_000,
  /** For how long after a block: longer than any process remembers that the user was none. */
  blockSettledMs: 20_000,
  /** A follower of a chat that is further behind gets the newest messages at once instead. */
  chatEventsBehindMax: 50,
  /** Keys and agents a process remembers; beyond it the least used is read again. */
  cacheEntriesMax: 10_000,
  /** UTF-16 units of prompts and tools a process remembers: one agent may have a quarter of a million. */
  cacheTextMax: 32 * 1024 * 1024,
  /** Requests a minute of one key's family, of either kind: a hundred users at their own limit. */
  rateLimitKey: 6_000,
  /** Requests a minute of one user: a person who clicks as fast as they can, in three tabs. */
  rateLimitUser: 60,
  /** Requests a minute of one address with publishable keys that reach chats: an office of a hundred busy people. */
  rateLimitAddress: 1_200,
  /** Requests a minute of one address that prove nobody: a person who mistypes a key, and no more than two guesses a second. */
  rateLimitUnidentified: 120,
  /** Guests and sessions of the chat page a minute of one address: everybody in an office opens the page at once. */
  rateLimitNewVisitors: 300,
  /** How many times a /64's limits a whole IPv6 /48 has: some providers give each customer one. */
  widerNetworkFactor: 4,
  /** Connections of one process: its streams, and a fifth more. */
  connectionsMax: 12_000,
  /** Connections of one address: its streams, and as many requests besides. */
  connectionsPerAddressMax: 1_000,
  /** Unfinished turns of one user at a time: a person reads one answer, in a few tabs. */
  concurrentTurnsUser: 4,
  /** What a team may set for itself: more is several processes full of it. */
  concurrentTurnsMax: 10_000,
  /** A budget of more is none. */
  tokensPerDayMax: 1_000_000_000_000,
  /** Beside the history, what an answer is reckoned with before it is there: longer than nearly every one. */
  reservedAnswerTokens: 1_000,
  /** How often a process adds what ended in it to the sums: nobody waits for them. */
  usageCountEveryMs: 1_000,
  /** The days that usage can be asked for at once: a year, and the month it is compared with. */
  usageDaysMax: 400,
  /** Sums of one answer; a cursor leads on. */
  usagePageMax: 1_000,
  /** A team's keys are looked through by people. */
  keyListMax: 1_000,
  /** A key, the keys that it issued, and the keys that those issued. */
  keyGenerationsMax: 3,
  /** A key is used from a handful of sites. */
  keyOriginsMax: 20,
  /** A key is for a product's few agents. */
  keyAgentsMax: 20,
  /** A user token of the largest reasonable claims; a longer one is none. */
  userTokenLengthMax: 4_096,
  /** A user token that is stolen works no longer than this. */
  userTokenSecondsMax: 60 * 60,
  /** How long the chat page's own tokens work: it asks for another while it is open, and a closed one is soon over. */
  webUserTokenSeconds: 10 * 60,
  /** How far the clocks of a customer's servers and ours may be apart. */
  userTokenClockSeconds: 30,
  /** Identity providers decide how long their tokens live; most say an hour, some a day. */
  issuedTokenSecondsMax: 24 * 60 * 60,
  tokenIssuerNameLengthMax: 512,
  /** A shorter RSA key can be broken (RFC 7518, section 3.3). */
  rsaBitsMin: 2_048,
  /** Signing secrets that work at a time: one, and those it takes the place of. */
  signingSecretsMax: 5,
  /** A guest who was not seen for this long is forgotten; browsers keep nothing longer. */
  guestSeconds: 400 * 24 * 60 * 60,
  /** How long a rolled key lives on, unless said otherwise: a careful roll-out takes a day. */
  keyOverlapSeconds: 24 * 60 * 60,
  /** A rolled key lives on for as long as a slow roll-out takes, and no longer. */
  keyOverlapSecondsMax: 30 * 24 * 60 * 60,
  /** How exactly it is known when a key was last used: a write for each request would cost more than it tells. */
  keyLastUsedEveryMs: 60_000,
  /** How far back an agent can be rolled. Of the longest prompts and the most tools they stay under 16 MB by far. */
  agentVersionsMax: 20,
  /** Nobody keeps chats for longer than this and means to delete them. */
  retentionDaysMax: 3_650,
  /** How often chats are looked for that were kept long enough: days count, hours do not. */
  retentionEveryMs: 60 * 60 * 1_000,
  /** Who did what is asked within a year, and a month more. */
  auditSeconds: 400 * 24 * 60 * 60,
  /** A page of the audit log, unless said otherwise. */
  auditPageDefault: 100,
  /** A leaked key is noted, and not once for each visitor of the page that leaks it. */
  auditSameEveryMs: 60 * 60 * 1_000,
  /** How long a request to delete a user works before housekeeping goes on with it: hundreds of chats. */
  deletionWaitMs: 5_000,
  /** How often housekeeping looks for deletions to go on with: what a request left is gone within seconds. */
  deletionsEveryMs: 5_000,
  /** How often housekeeping looks for chats that a guest's move has left behind. */
  guestMovesEveryMs: 5_000,
  /** That a user was deleted, without who it was, is remembered for as long as who did it. */
  deletionSeconds: 400 * 24 * 60 * 60,
  /** A team's agents are chosen from one list. */
  agentListMax: 1_000,
  /** More tools than this a model chooses badly between. */
  toolsMax: 16,
  /** As long as any URL that servers and proxies take. */
  toolUrlLengthMax: 2_048,
  /** A schema that describes one call; all of it is told to the model with every call. */
  toolSchemaBytesMax: 16 * 1024,
  /** Deeper is no form that a model fills in well. */
  toolSchemaDepthMax: 16,
  /** Parts of a schema with its references put in: what a call's arguments are checked by costs no more. */
  toolSchemaPartsMax: 500,
  /** A key, and what a gateway asks for beside it. */
  toolHeadersMax: 8,
  /** A signed token fits. */
  toolHeaderLengthMax: 2_048,
  /** A person waits meanwhile. */
  toolTimeoutMs: 10_000,
  toolTimeoutMaxMs: 60_000,
  toolTimeoutMinMs: 100,
  /** Answers of the model that call tools, in one turn: one that goes on goes round in circles. */
  toolStepsMax: 8,
  /** Calls of one such answer: all of a turn, with their results, stay far under MongoDB's 16 MB. */
  toolCallsPerStepMax: 8,
  /** In UTF-16 units. What a form holds that a model fills in. */
  toolArgumentsLengthMax: 16_000,
  /** In UTF-16 units. More of a result is cut: a quarter of it fills the context of most models. */
  toolResultLengthMax: 16_000,
  /** A larger response is no result. */
  toolResponseBytesMax: 1024 * 1024,
  /** All tools of an agent as JSON: with twenty versions of them an agent stays far under MongoDB's 16 MB. */
  toolsBytesMax: 256 * 1024,
  /** From SIGTERM to exit: what runs may finish until then. Orchestrators kill after 30 s. */
  drainMs: 20_000,
} as const;
