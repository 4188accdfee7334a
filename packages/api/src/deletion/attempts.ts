/** Decides which items of a job are tried now: of `FailingItems` of the turns, in a server. */
export interface Attempts<Item extends string> {
  isSkipped(item: Item): boolean;
  try<Result>(item: Item, work: () => Promise<Result>): Promise<Result>;
}

/** Remembers nothing: every item is tried, each time. */
export const allAttempts: Attempts<string> = { isSkipped: () => false, try: (_item, work) => work() };
