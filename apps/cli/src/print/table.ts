import { stripVTControlCharacters } from 'node:util';
import { type Terminal, withoutControls } from '../terminal.ts';

/** A column: its heading and a function that returns its cells. Undefined cells are empty. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string | number | undefined];

/** Longer cells are cut, so that a row fits on one line. */
const CELL_WIDTH_MAX = 48;

/** Prints an aligned table with one line per row. */
export function printTable<Row>(
  terminal: Terminal,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  const lines = rows.map((row) => columns.map(([, cell]) => toCell(cell(row))));
  const headings = columns.map(([heading]) => heading);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const toLine = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  terminal.print(terminal.paint('dim', toLine(headings)));
  for (const line of lines) terminal.print(toLine(line));
}

function toCell(value: string | number | undefined): string {
  const text = withoutControls(stripVTControlCharacters(String(value ?? ''))).replace(/\s+/g, ' ');
  return text.length > CELL_WIDTH_MAX ? `${text.slice(0, CELL_WIDTH_MAX - 1)}…`.toWellFormed() : text;
}
