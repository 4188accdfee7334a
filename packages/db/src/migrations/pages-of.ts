/**
 * Yields the documents of a collection page by page, so that a migration has few of them in memory. `read` queries the page of
 * at most `limit` documents behind an id, in the order of the ids; undefined is the first page. `after` begins later.
 *
 * @throws The signal's reason before the next page
 */
export async function* pagesOf<Found extends { readonly _id: string }>(
  { limit, signal, after }: { limit: number; signal: AbortSignal; after?: Found['_id'] },
  read: (after: Found['_id'] | undefined) => Promise<Found[]>,
): AsyncGenerator<Found[]> {
  for (let last = after; ; ) {
    signal.throwIfAborted();
    const page = await read(last);
    yield page;
    if (page.length < limit) return;
    last = page.at(-1)?._id;
  }
}
