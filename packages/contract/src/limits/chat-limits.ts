/** Limits of chats and messages. */
export const chatLimits = {
  /** At 4 bytes per character a message stays below 128 KiB. Longer texts belong in a file. */
  messageLengthMax: 32_000,
  /** OpenAI allows 16 pairs of 64 and 512 characters, which is 9 KiB; rounded up. */
  metadataBytesMax: 16 * 1024,
  /** Metadata is a set of labels; deeper values cost recursion without a use. */
  metadataDepthMax: 8,
  /** A list shows a title in one line. */
  titleLengthMax: 200,
  /**
   * The length of the initial title, which is taken from the first message. A narrow list shows this much.
   */
  givenTitleLengthMax: 80,
  /** A search consists of a few words. */
  searchLengthMax: 200,
  /** Results of a search in messages. Each needs the text of its turn, and a page of results is looked through by a person. */
  searchResults: 20,
  searchResultsMax: 100,
  /** The list of messages is returned without paging; this many fit a response. */
  chatMessagesMax: 10_000,
  chatTextBytesMax: 16 * 1024 * 1024,
  /** The ids of all versions are listed with each of them. */
  versionsMax: 100,
  /** A path is stored with its turn and read by one query, which has a condition for each range. */
  pathRangesMax: 256,
  /** A comment on an answer gives a reason in some sentences. */
  feedbackCommentLengthMax: 2_000,
  /** The list of chats is returned without paging up to this length; longer lists continue with a cursor. */
  chatListMax: 10_000,
  /** A follower of a chat that is further behind gets a snapshot of the newest messages instead. */
  chatEventsBehindMax: 50,
  /** The texts of such a snapshot: it is one event, kept in memory until its reader takes it. */
  chatSnapshotBytesMax: 256 * 1024,
} as const;
