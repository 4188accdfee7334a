/** Requests of a key, a user or an address in a minute, counted from the Unix epoch. */
export interface RequestCount {
  readonly subject: string;
  readonly minute: number;
  readonly count: number;
}

/** How many requests each key, user and address has made, summed over all processes. Kept for some minutes. */
export interface RequestCountStore {
  /** Adds to the counts, and answers the sums. */
  add(counts: readonly RequestCount[]): Promise<RequestCount[]>;
}
