/** One page, as both lists give it. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | undefined;
}

/**
 * Walks a list to its end. `between` happens after each page but the last: what others do meanwhile.
 *
 * @throws Error when the list has no end
 */
export async function walkPages<Item>(
  page: (cursor: string | undefined) => Promise<Page<Item>>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Item[][]> {
  const pages: Item[][] = [];
  for (let cursor: string | undefined; pages.length < PAGES_MAX; ) {
    const { items, nextCursor } = await page(cursor);
    pages.push([...items]);
    if (nextCursor === undefined) return pages;
    await between();
    cursor = nextCursor;
  }
  throw new Error(`no end after ${PAGES_MAX} pages`);
}

const PAGES_MAX = 1_000;
