import { type Exchange, joinExchanges } from './exchange.ts';

/**
 * Merges two sorted lists of exchanges of one chat by their common ids. Without common ids, `first` goes
 * before `second`. For common exchanges, `second` is the known version and `first` the new one.
 */
export function mergeExchanges(first: readonly Exchange[], second: readonly Exchange[]): Exchange[] {
  const places = new Map(second.map(({ userMessageId }, index) => [userMessageId, index]));
  const merged: Exchange[] = [];
  let taken = 0;
  for (const exchange of first) {
    const place = places.get(exchange.userMessageId);
    const known = place === undefined ? undefined : second[place];
    if (place === undefined || !known) {
      merged.push(exchange);
      continue;
    }
    merged.push(...second.slice(taken, place), joinExchanges(known, exchange));
    taken = place + 1;
  }
  return [...merged, ...second.slice(taken)];
}
