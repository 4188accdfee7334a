/**
 * The requests of one visitor who opens the page, starts a chat and asks two questions. A browser test compares this list
 * with the requests of the real page; the scenario of a company's first hour replays it. docs/limits-and-usage.md states the
 * numbers.
 */
export const PAGE_REQUESTS = {
  /** The page itself, its scripts and its styles: at most so many. */
  files: 14,
  /** `POST /web/session`. */
  sessions: 1,
  /** Requests to `/trpc`, with the procedures that each of them calls, at most. Every call counts. */
  trpc: [
    'chat.list,agent.list',
    // The stream of the list says when to read it, and the stream of the chat takes it up.
    'chat.followAll',
    'chat.list',
    'chat.create',
    'message.create',
    'chat.followAll',
    'message.list',
    'chat.get',
    'message.create',
  ],
} as const;
