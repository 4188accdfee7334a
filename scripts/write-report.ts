import { readFile, writeFile } from 'node:fs/promises';

const DOCS = new URL('../docs/', import.meta.url);

/**
 * Puts a report between the marks `<!-- name: start -->` and `<!-- name: end -->` of a page of the documentation.
 *
 * @param page - Its file name in `docs`
 * @throws Error when the marks are missing
 */
export async function writeReport(page: string, name: string, report: string): Promise<void> {
  const document = new URL(page, DOCS);
  const [start, end] = [`<!-- ${name}: start -->`, `<!-- ${name}: end -->`];
  const [before, rest] = (await readFile(document, 'utf8')).split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`docs/${page} must have a line ${start} and after it a line ${end}.`);
  }
  await writeFile(document, `${before}${start}\n\n${report}\n\n${end}${after}`);
}
