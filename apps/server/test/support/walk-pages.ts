/** One page in the form that both lists share. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | undefined;
}

/**
 * Reads a list page by page to its end. Calls `between` after each page except the last, for changes by others.
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
