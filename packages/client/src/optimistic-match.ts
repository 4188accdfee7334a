import type { Exchange } from './exchange.ts';
import { hasFiles } from './file-parts.ts';
import type { Send } from './send.ts';
import type { TranscriptState } from './transcript-state.ts';

/*
 * Optimistic matching. A sent message is shown at once. The chat's stream reports it later, often before the
 * send request returns. These functions decide which reported message belongs to which send: by id once the
 * id is known, by content before that. A matched message takes over the key of its send, and the send is no
 * longer shown separately.
 */

/** The largest accepted difference between the clocks of the device and the server. */
const CLOCKS_DIFFER_MS = 120_000;

/** Matches the sends whose acceptance is known by id, and corrects earlier matches by content. */
export function matchAccepted(state: TranscriptState): TranscriptState {
  return state.sends.reduce((current, send) => {
    const index = findAccepted(current.exchanges, send);
    return index === -1 ? current : assignKey(current, index, send.key);
  }, state);
}

/**
 * Matches new messages to sends whose acceptance is not known yet: the oldest send takes the oldest new
 * message with its content. Messages of a list must also be recent, because a list contains old messages with
 * the same content.
 */
export function matchNewMessages(
  state: TranscriptState,
  before: TranscriptState,
  source: 'stream' | 'list',
): TranscriptState {
  if (state.sends.length === 0 || state.exchanges === before.exchanges) return state;
  const old = new Set(before.exchanges.filter(({ user }) => user).map(({ userMessageId }) => userMessageId));
  return state.sends.filter(isOpen).reduce((current, send) => {
    if (isMatched(current, send)) return current;
    const index = current.exchanges.findIndex(
      (exchange) =>
        !old.has(exchange.userMessageId) &&
        hasContent(exchange, send) &&
        (source === 'stream' || isRecent(exchange, send)),
    );
    return index === -1 ? current : assignKey(current, index, send.key);
  }, matchAccepted(state));
}

/** Checks whether a message of the chat is matched to this send. */
export function isMatched({ exchanges }: TranscriptState, { key }: Send): boolean {
  return exchanges.some(({ user }) => user?.key === key);
}

function isOpen({ state: { kind } }: Send): boolean {
  return kind !== 'accepted' && kind !== 'refused';
}

function findAccepted(exchanges: readonly Exchange[], send: Send): number {
  const { state, key } = send;
  if (state.kind !== 'accepted') return -1;
  const { userMessageId, answerId } = state;
  const index = exchanges.findLastIndex(
    (exchange) => exchange.userMessageId === userMessageId || exchange.answer?.messageId === answerId,
  );
  if (index !== -1 || userMessageId !== undefined) return index;
  // The answer was retried in the meantime, so only the content can identify the message.
  return exchanges.findIndex(
    (exchange) => exchange.user?.key === key || (hasContent(exchange, send) && isRecent(exchange, send)),
  );
}

/** Checks whether a message has this content and these files, and is not matched yet. */
function hasContent({ user }: Exchange, { content, files }: Send): boolean {
  if (user === undefined || user.key !== user.messageId || user.content !== content) return false;
  return hasFiles(user.parts, files);
}

function isRecent({ user }: Exchange, { createdAt }: Send): boolean {
  return user !== undefined && Date.parse(user.createdAt) >= Date.parse(createdAt) - CLOCKS_DIFFER_MS;
}

function assignKey(state: TranscriptState, index: number, key: string): TranscriptState {
  if (state.exchanges[index]?.user?.key === key) return state;
  const exchanges = state.exchanges.map((exchange, place) => {
    if (place === index) return withKey(exchange, key);
    return exchange.user?.key === key ? withKey(exchange, exchange.userMessageId) : exchange;
  });
  return { ...state, exchanges };
}

function withKey(exchange: Exchange, key: string): Exchange {
  return exchange.user ? { ...exchange, user: { ...exchange.user, key } } : exchange;
}
