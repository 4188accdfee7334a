import type { AppRouter } from '@parley/api';
import type { ClaimedGuest } from '@parley/contract';
import type { QueryClient } from '@tanstack/query-core';
import type { TRPCClient } from '@trpc/client';
import type { ParleyError } from './parley-error.ts';
import type { Send, SendStorage } from './send.ts';
import type { AnswerEntry, TranscriptEntry } from './transcript-entry.ts';

/**
 * Where the API key comes from: your own backend, say. Called once and remembered; called again with the key
 * that was refused when the server answers 401, and the request is then repeated once. A failed `fetch`, and an
 * error with `code: 'network'`, is tried again as a request would be; a `ParleyError` is told as it is; whatever
 * else it throws is `unauthorized`, with its message. The next request asks again.
 *
 * A repeat is known by its idempotency key and by the lineage of the API key: another key has to be the same one,
 * rolled. With a key that is new, what was sent and not acknowledged before may be accepted a second time.
 */
export type ApiKeySource = (refused?: string) => Promise<string>;

/**
 * Where a user's token comes from: your own backend, which signs it for whoever is signed in; `guestToken` for a
 * visitor nobody knows. Called once and remembered; called again with the token that was refused, and the request
 * is then repeated once; and with one that is over soon (a JWT with `iat`), half a minute before. What it throws is taken as `ApiKeySource` says, with `user_token_needed` for the rest:
 * sends wait then, and it is asked again.
 *
 * When it gives another user's token, what is shown, remembered and underway of the former user is dropped first;
 * their unsent messages stay in the storage until they are back.
 */
export type UserTokenSource = (refused?: string) => Promise<string>;

/** What a client is made of. */
export interface ParleyOptions {
  /** The server's address, without a path or with the one it is mounted at. Default: the page's own origin. */
  readonly url?: string;
  /** A publishable key in a browser, always. */
  readonly apiKey: string | ApiKeySource;
  /** Whose chats they are, for a key whose `access` is `guest` or `verified`. Default: nobody's in particular. */
  readonly userToken?: string | UserTokenSource;
  /** Where sends outlive the page, each user's for themselves. Default: `localStorage` where there is one. `null`: nowhere. */
  readonly storage?: SendStorage | null;
  /** Default: one of its own. */
  readonly queryClient?: QueryClient;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** The client: typed calls, and what a chat app needs around them. */
export interface Parley {
  /** Every call of the API, typed by the server's own router. */
  readonly trpc: TRPCClient<AppRouter>;
  readonly queryClient: QueryClient;
  readonly outbox: Outbox;
  readonly chats: FollowedChats;
  readonly deletes: DeferredDeletes;
  readonly isOnline: () => boolean;
  /** Calls back when `isOnline` changes. Answers how to stop that. */
  readonly subscribeToOnline: (listener: () => void) => () => void;
  /** For calls of your own: aborts when the user of this moment is here no more. */
  userSignal(): AbortSignal;
  /**
   * Says that somebody else is here, or nobody: what is shown, remembered and underway of the user is dropped at
   * once, chats that wait to be deleted are kept, and the source of `userToken` is asked anew. Call it where
   * people sign in and out; a token that is merely refused needs no word of yours.
   */
  forgetUser(): void;
  /**
   * Gives the chats of a guest to the verified user who is here now, with what the guest sent and is not accepted
   * yet. Once done, the guest is over; doing it again is harmless.
   *
   * @throws ParleyError `verified_user_needed`, `guest_claimed`, `user_token_invalid`; `network` after its attempts
   */
  claimGuest(guestToken: string): Promise<ClaimedGuest>;
  /** Ends every stream, timer and request. What is in the outbox stays in its storage. */
  close(): void;
}

/**
 * What was sent and is not accepted yet. A send has one idempotency key, minted once and kept over all attempts
 * and over page reloads, so that the server accepts it exactly once. Sends of one chat go out in their order,
 * one at a time. A network failure, 429, 500 and 503, and every refusal that says when to come again, are tried
 * again by themselves, for as long as it takes; any other refusal ends as `refused`.
 */
export interface Outbox {
  /** Sends a message; answers its key. The content has 1 to 32,000 characters (Unicode code points). */
  send(message: { readonly chatId: string; readonly content: string }): string;
  /** Tries a refused one again, and one that waits at once. Nothing for any other. */
  resend(key: string): void;
  /**
   * Takes a send back and answers its content, to be put into the draft. Undefined, and nothing is done, while
   * it is on its way at this moment, and once it is accepted.
   */
  discard(key: string): string | undefined;
  /** The sends of a chat that its transcript does not hold yet; the same array while nothing changes. */
  sendsOf(chatId: string): readonly Send[];
  /** Calls back after each change. Answers how to stop that. */
  subscribe(listener: () => void): () => void;
}

/** How the stream of a chat stands. `paused`: the page is hidden, or nobody looks. */
export type ChatConnection = 'connecting' | 'live' | 'reconnecting' | 'paused';

/** A chat as it is shown. Immutable; the same object while nothing changes. */
export interface ChatView {
  /** Oldest first, with what was sent and is not accepted yet at the end. */
  readonly entries: readonly TranscriptEntry[];
  /** True until the newest messages were read. */
  readonly isLoading: boolean;
  /** Why messages cannot be read or followed now; gone once they can. */
  readonly error?: ParleyError;
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  readonly connection: ChatConnection;
  /** The chat was deleted, here or elsewhere: nothing more comes. */
  readonly isDeleted: boolean;
  /** The oldest answer that is not ended: the one that is being written, or waits to be. */
  readonly running?: AnswerEntry;
}

/** One chat, kept up to date by its stream while anybody is subscribed. */
export interface FollowedChat {
  readonly chatId: string;
  /** The newest view; changes only when subscribers are called. */
  view(): ChatView;
  /**
   * Calls back when the view changed, at most once per animation frame. The first subscriber opens the stream,
   * the last one closes it soon after. Answers how to stop.
   */
  subscribe(listener: () => void): () => void;
  /** Reads the next older page (50 messages). Nothing when there is none, or it is being read. Never rejects: see `error`. */
  loadOlder(): Promise<void>;
  /**
   * Stops an answer; what was written of it stays.
   *
   * @throws ParleyError `message_not_found`; `network` after its attempts
   */
  stop(messageId: string): Promise<void>;
  /**
   * Answers a message again whose answer failed; one at a time and once, over all its attempts.
   *
   * @throws ParleyError `not_retryable`, `message_not_found`, `chat_not_found`, `network` after its attempts
   */
  retry(messageId: string): Promise<void>;
}

/** The chats that are looked at, and the last ten that were. */
export interface FollowedChats {
  /** The chat of this id; one object per id as long as somebody is subscribed to it. */
  of(chatId: string): FollowedChat;
}

/** Deletes that can be taken back for a while. */
export interface DeferredDeletes {
  /** Deletes a chat after `ms` milliseconds (5,000 unless said otherwise), unless `undo` comes first. */
  schedule(chatId: string, ms?: number): void;
  /** Takes it back; false when it is too late. */
  undo(chatId: string): boolean;
  /** Sends all that are waiting now, so that they outlive the page (`keepalive`). Called on `pagehide` by itself. */
  flush(): void;
  /** Whether it can still be taken back. */
  isPending(chatId: string): boolean;
  /** Whether lists leave it out: it waits to be deleted, is being deleted, or was. */
  isHidden(chatId: string): boolean;
  /** The chats that `isHidden`; the same set while nothing changes. */
  hidden(): ReadonlySet<string>;
  /** The chats that can still be taken back; the same array while nothing changes. */
  pending(): readonly string[];
  /** Deletes that failed, whose chats are shown again; the same map while nothing changes. */
  errors(): ReadonlyMap<string, ParleyError>;
  /** Calls back after each change. Answers how to stop that. */
  subscribe(listener: () => void): () => void;
}
