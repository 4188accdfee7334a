import type { Exchange } from './exchange.ts';
import type { Send } from './send.ts';
import type { TranscriptState } from './transcript-reducer.ts';

/*
 * A message that was sent from here is shown at once, and told of by the chat later, often before its own
 * acceptance is. Which told message is which send: by id once that is known, by its content until then. A
 * message that is claimed by a send has the send's key, and the send is not shown beside it.
 */

/** By how much the clocks of a device and of the server may differ. */
const CLOCKS_DIFFER_MS = 120_000;

/** Gives the messages of accepted sends their keys, and takes back what was guessed wrongly. */
export function claimAccepted(state: TranscriptState): TranscriptState {
  return state.sends.reduce((current, send) => {
    const index = findAccepted(current.exchanges, send);
    return index === -1 ? current : claim(current, index, send.key);
  }, state);
}

/**
 * Lets sends whose acceptance is not known yet claim messages that were not there before: the oldest send with
 * this content claims the oldest such message. Of messages that a list tells, those of long ago are nobody's.
 */
export function claimNews(
  state: TranscriptState,
  before: TranscriptState,
  how: 'told' | 'listed',
): TranscriptState {
  if (state.sends.length === 0 || state.exchanges === before.exchanges) return state;
  const old = new Set(before.exchanges.filter(({ user }) => user).map(({ userMessageId }) => userMessageId));
  return state.sends.filter(isOpen).reduce((current, send) => {
    if (isClaimed(current, send)) return current;
    const index = current.exchanges.findIndex(
      (exchange) =>
        !old.has(exchange.userMessageId) &&
        fits(exchange, send) &&
        (how === 'told' || isRecent(exchange, send)),
    );
    return index === -1 ? current : claim(current, index, send.key);
  }, claimAccepted(state));
}

/** Whether a message of the chat stands for this send. */
export function isClaimed({ exchanges }: TranscriptState, { key }: Send): boolean {
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
  // Its answer was retried since: the content is all there is to know it by.
  return exchanges.findIndex(
    (exchange) => exchange.user?.key === key || (fits(exchange, send) && isRecent(exchange, send)),
  );
}

/** A message that no send has claimed, with this content. */
function fits({ user }: Exchange, { content }: Send): boolean {
  return user !== undefined && user.key === user.messageId && user.content === content;
}

function isRecent({ user }: Exchange, { createdAt }: Send): boolean {
  return user !== undefined && Date.parse(user.createdAt) >= Date.parse(createdAt) - CLOCKS_DIFFER_MS;
}

function claim(state: TranscriptState, index: number, key: string): TranscriptState {
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
