/*
 * What the page and its frame say to each other. They meet by one message each way, whose senders are checked; from then
 * on they have a channel that nobody else can write into.
 */

/** From the frame, to whoever framed it: it holds nothing. */
export interface Ready {
  readonly parley: 'ready';
}

/** From the page, with a port: the conversation begins. */
export interface Init {
  readonly parley: 'init';
  /** Whether the page says who its users are. */
  readonly hasUserToken: boolean;
}

export type FrameSays =
  | { readonly type: 'close' }
  /** An answer has ended. */
  | { readonly type: 'answered' }
  | { readonly type: 'token-wanted'; readonly id: number; readonly refused?: string | undefined };

export type PageSays =
  | { readonly type: 'opened' }
  /** Somebody else is here, or nobody. */
  | { readonly type: 'user-changed' }
  | { readonly type: 'token'; readonly id: number; readonly token?: string | undefined };
