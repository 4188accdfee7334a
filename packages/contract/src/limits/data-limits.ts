/** How long data is kept, and how often background jobs delete it. */
export const dataLimits = {
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
  /** How long the record of a user's deletion, without the user's id, is kept: as long as the audit log. */
  deletionSeconds: 400 * 24 * 60 * 60,
  /** How often a background job moves chats that a guest's claim has left behind. */
  guestMovesEveryMs: 5_000,
} as const;
