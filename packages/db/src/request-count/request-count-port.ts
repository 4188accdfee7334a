/** Requests of a key, a user or an address in a minute, counted from the Unix epoch. */
export interface RequestCount {
  readonly subject: string;
  readonly minute: number;
  readonly count: number;
}

/** The requests of each key, user and address in all processes. Counts are stored for fifteen minutes. */
export interface RequestCountStore {
  /** Adds to the counts and returns the sums. */
  add(counts: readonly RequestCount[]): Promise<RequestCount[]>;
}
