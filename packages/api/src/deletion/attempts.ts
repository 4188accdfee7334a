/** Decides which items of a job are tried now. In a server, `FailingItems` of `@parley/turns` does. */
export interface Attempts<Item extends string> {
  isSkipped(item: Item): boolean;
  try<Result>(item: Item, work: () => Promise<Result>): Promise<Result>;
}

/** Tries every item each time. */
export const allAttempts: Attempts<string> = { isSkipped: () => false, try: (_item, work) => work() };
