/** Returns the options that the embedding page chose: the query contains what the server reads, the fragment the rest. */
export function askedOf({ search, hash }: Pick<Location, 'search' | 'hash'>): URLSearchParams {
  return new URLSearchParams(`${search.slice(1)}&${hash.slice(1)}`);
}
