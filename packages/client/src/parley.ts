import type { AppRouter } from '@parley/api';
import type { ClaimedGuest, Feedback, File as UploadedFile } from '@parley/contract';
import type { QueryClient } from '@tanstack/query-core';
import type { TRPCClient } from '@trpc/client';
import type { ExportFormat } from './export-chat.ts';
import type { UploadOptions } from './files.ts';
import type { ParleyError } from './parley-error.ts';
import type { Send, SendStorage, SentFile } from './send.ts';
import type { AnswerEntry, TranscriptEntry } from './transcript-entry.ts';

/**
 * Fetches the API key, for example from your backend. The result is cached. After a 401 the function is
 * called with the rejected key, and the request is repeated once.
 *
 * Errors: a failed `fetch`, or an error with `code: 'network'`, is retried like a request. A `ParleyError` is
 * passed on. Any other error becomes `unauthorized` with its message. The next request calls the function
 * again.
 *
 * Return only keys of one family (a key and its rolled successors). The server recognizes a repeated message
 * by its idempotency key within one key family; with an unrelated key, an unacknowledged message can be
 * accepted twice.
 */
export type ApiKeySource = (refused?: string) => Promise<string>;

/**
 * Fetches the user's token: from your backend, which signs it for the signed-in user, or with `guestToken`
 * for anonymous visitors. The result is cached. The function is called with the rejected token after a 401,
 * and with the current token (a JWT with `iat`) 30 seconds before it expires. Errors are handled as for
 * `ApiKeySource`, with the code `user_token_needed`: messages wait, and the function is called again.
 *
 * If the function returns a token of another user, the client first clears everything it shows, caches and
 * runs for the former user. Their unsent messages stay in the storage until they return.
 */
export type UserTokenSource = (refused?: string) => Promise<string>;

/** The options of `createParley`. */
export interface ParleyOptions {
  /** The server's URL, with the path it is mounted at, if any. Default: the page's own origin. */
  readonly url?: string;
  /** In a browser, always use a publishable key. */
  readonly apiKey: string | ApiKeySource;
  /** Required for a key with `access` `guest` or `verified`. Default: no user. */
  readonly userToken?: string | UserTokenSource;
  /**
   * Stores unsent messages across page loads, separately for each user. Default: `localStorage` if available.
   * `null` turns this off.
   */
  readonly storage?: SendStorage | null;
  /** Default: a client of its own. */
  readonly queryClient?: QueryClient;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** The client: typed calls, and the parts of a chat app. */
export interface Parley {
  /** All calls of the API, typed by the server's router. */
  readonly trpc: TRPCClient<AppRouter>;
  readonly queryClient: QueryClient;
  readonly outbox: Outbox;
  readonly chats: FollowedChats;
  readonly list: FollowedList;
  readonly deletes: DeferredDeletes;
  readonly isOnline: () => boolean;
  /** Calls `listener` when `isOnline` changes. Returns a function that stops this. */
  readonly subscribeToOnline: (listener: () => void) => () => void;
  /**
   * Returns a chat with all its messages as a file: Markdown (`md`) or JSON.
   *
   * @throws ParleyError `chat_not_found`; `network` after all attempts failed
   */
  exportChat(chatId: string, format: ExportFormat): Promise<Blob>;
  /**
   * Uploads a file, exactly once over all attempts. `send` names it in a message. Delete a file that is not sent with
   * `trpc.file.delete`; otherwise it is removed within 25 hours.
   *
   * @throws ParleyError `file_type_not_supported`, `payload_too_large`, `file_storage_full`, `too_many_unsent_files`;
   * `network` after all attempts failed; the reason of `signal` if it aborts
   */
  uploadFile(file: Blob, options?: UploadOptions): Promise<UploadedFile>;
  /**
   * Returns the content of a file, for example for an object URL. A link to the content would not have the credentials.
   *
   * @throws ParleyError `file_not_found`; `network` after all attempts failed
   */
  readFile(fileId: string): Promise<Blob>;
  /** Returns a signal for your own calls. It aborts when the user changes. */
  userSignal(): AbortSignal;
  /**
   * Call it when a user signs in or out. The client clears everything it shows, caches and runs for the
   * former user, cancels scheduled deletes, and calls the source of `userToken` again. You need not call it
   * when a token is rejected.
   */
  forgetUser(): void;
  /**
   * Transfers a guest's chats and unsent messages to the current verified user. The guest can no longer be
   * used. Repeating the call has no further effect.
   *
   * @throws ParleyError `verified_user_needed`, `guest_claimed`, `user_token_invalid`; `network` after all
   * attempts failed
   */
  claimGuest(guestToken: string): Promise<ClaimedGuest>;
  /** Ends all streams, timers and requests. Unsent messages stay in the storage. */
  close(): void;
}

/**
 * Messages that were sent and are not accepted yet. Each has one idempotency key for all attempts and page
 * loads, so the server accepts it exactly once. Messages of a chat are sent one at a time and in order.
 * Network errors, 429, 500, 503 and errors with `Retry-After` are retried without limit; any other error ends
 * as `refused`.
 */
export interface Outbox {
  /**
   * Sends a message and returns its key. `content` has 1 to 32,000 characters (Unicode code points); with `files`, up to 10
   * uploaded ones, it may be empty.
   */
  send(message: {
    readonly chatId: string;
    readonly content: string;
    readonly files?: readonly SentFile[];
  }): string;
  /** Retries a rejected message, or a waiting message at once. Does nothing for other messages. */
  resend(key: string): void;
  /**
   * Removes a message and returns its content, for example to put it back into the draft. Returns undefined
   * and does nothing while its request is running and after it was accepted.
   */
  discard(key: string): string | undefined;
  /**
   * Returns the messages of a chat that its transcript does not contain yet. The array stays the same while
   * nothing changes.
   */
  sendsOf(chatId: string): readonly Send[];
  /** Calls `listener` after each change. Returns a function that stops this. */
  subscribe(listener: () => void): () => void;
}

/** The state of a chat's stream. `paused`: the page is hidden, or the chat has no subscribers. */
export type ChatConnection = 'connecting' | 'live' | 'reconnecting' | 'paused';

/** The displayed state of a chat. Immutable; the object stays the same while nothing changes. */
export interface ChatView {
  /** Oldest first; messages that are not accepted yet come last. */
  readonly entries: readonly TranscriptEntry[];
  /** True until the newest messages are loaded. */
  readonly isLoading: boolean;
  /** The reason why messages cannot be loaded or followed. Absent as soon as they can. */
  readonly error?: ParleyError;
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  readonly connection: ChatConnection;
  /** True after the chat was deleted, by this client or another. No further events follow. */
  readonly isDeleted: boolean;
  /** The oldest answer that has not ended. */
  readonly running?: AnswerEntry;
}

/** A chat that its stream keeps up to date while it has subscribers. */
export interface FollowedChat {
  readonly chatId: string;
  /** Returns the newest view. It changes only when subscribers are called. */
  view(): ChatView;
  /**
   * Calls `listener` when the view changed, at most once per animation frame. The first subscriber opens the
   * stream; it closes shortly after the last one leaves. Returns a function that unsubscribes.
   */
  subscribe(listener: () => void): () => void;
  /**
   * Loads the next older page (50 messages). Does nothing if there is none or it is being loaded. Never
   * rejects: see `error`.
   */
  loadOlder(): Promise<void>;
  /**
   * Loads older messages, up to 500 at once, until the transcript contains this message, for example one that a search
   * found. Call it when the newest messages are loaded. Resolves to false if the chat does not show the message, or if
   * messages cannot be loaded: see `error`. Never rejects.
   */
  loadBackTo(messageId: string): Promise<boolean>;
  /**
   * Stops an answer. The text written so far is kept.
   *
   * @throws ParleyError `message_not_found`; `network` after all attempts failed
   */
  stop(messageId: string): Promise<void>;
  /**
   * Generates an ended answer again, exactly once over all attempts. The former answer stays a version (`siblings`).
   *
   * @throws ParleyError `not_retryable`, `chat_busy`, `too_many_versions`, `versions_unavailable`, `message_not_found`, `chat_not_found`; `network` after all attempts
   * failed
   */
  retry(messageId: string): Promise<void>;
  /**
   * Replaces a user's message, exactly once over all attempts. The former message stays a version (`siblings`), with what
   * follows it. The transcript shows the new one when the chat reports it.
   *
   * @throws ParleyError `chat_busy`, `too_many_versions`, `versions_unavailable`, `message_not_found`, `invalid_input`;
   * `network` after all attempts failed
   */
  replace(messageId: string, content: string): Promise<void>;
  /**
   * Shows the newest path through a version of a message or an answer, for everybody who reads the chat.
   *
   * @throws ParleyError `message_not_found`, `chat_not_found`; `network` after all attempts failed
   */
  choosePath(messageId: string): Promise<void>;
  /**
   * Rates an answer, or takes the rating back. The transcript shows it at once, and shows the former rating again if the
   * server rejects it. Several ratings of an answer are sent in order.
   *
   * @throws ParleyError `not_rateable`, `message_not_found`, `invalid_input`; `network` after all attempts failed
   */
  rate(messageId: string, feedback: Feedback | undefined): Promise<void>;
}

/** The open chats and the last ten closed ones. */
export interface FollowedChats {
  /** Returns the chat with this id. The object stays the same while it has subscribers. */
  of(chatId: string): FollowedChat;
}

/** The list of chats, which a stream keeps up to date in the query cache while something follows it. */
export interface FollowedList {
  /** Follows the list. Returns a function that stops this. A page has one stream, also while it shows a chat. */
  follow(): () => void;
}

/** Deletes of chats that can be undone for a while. */
export interface DeferredDeletes {
  /** Deletes a chat after `ms` milliseconds (default: 10,000), unless `undo` is called first. */
  schedule(chatId: string, ms?: number): void;
  /** Cancels a scheduled delete. Returns false if it is too late. */
  undo(chatId: string): boolean;
  /**
   * Stops the clocks of all scheduled deletes, for example while the user's pointer is on the undo button. Returns a
   * function that lets them continue with the time they had left. `flush` also executes paused deletes.
   */
  pause(): () => void;
  /**
   * Executes all scheduled deletes now, in requests that outlive the page (`keepalive`). The client calls it
   * on `pagehide`.
   */
  flush(): void;
  /** Checks whether the delete can still be undone. */
  isPending(chatId: string): boolean;
  /** Checks whether lists hide the chat: its delete is scheduled, running or done. */
  isHidden(chatId: string): boolean;
  /** Returns the hidden chats. The set stays the same while nothing changes. */
  hidden(): ReadonlySet<string>;
  /** Returns the chats whose delete can still be undone. The array stays the same while nothing changes. */
  pending(): readonly string[];
  /**
   * Returns the failed deletes; their chats are visible again. The map stays the same while nothing changes.
   */
  errors(): ReadonlyMap<string, ParleyError>;
  /** Calls `listener` after each change. Returns a function that stops this. */
  subscribe(listener: () => void): () => void;
}
