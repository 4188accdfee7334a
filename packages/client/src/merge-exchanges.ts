import { type Exchange, joinExchanges } from './exchange.ts';

/**
 * Merges two parts of one chat, each in its order: what both hold is where they meet. Where they hold nothing in
 * common, the first goes before the second. Of what both hold the second is what was known.
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
