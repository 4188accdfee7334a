/*
 * The messages between an embedding page and the frame. Each side first sends one message whose sender is
 * checked; after that they use a private channel.
 */

/** Sent by the frame to its parent. It contains no data. */
export interface Ready {
  readonly parley: 'ready';
}

/** Sent by the page with a port for the private channel. */
export interface Init {
  readonly parley: 'init';
  /** True if the page provides user tokens. */
  readonly hasUserToken: boolean;
}

/** Messages from the frame to the page. */
export type FrameMessage =
  | { readonly type: 'close' }
  /** An answer has ended. */
  | { readonly type: 'answered' }
  /** `refused` is the token that the server rejected. The name cannot change: pages may have an older loader cached. */
  | { readonly type: 'token-wanted'; readonly id: number; readonly refused?: string | undefined };

/** Messages from the page to the frame. */
export type PageMessage =
  | { readonly type: 'opened' }
  /** The user signed in or out. */
  | { readonly type: 'user-changed' }
  | { readonly type: 'token'; readonly id: number; readonly token?: string | undefined };
