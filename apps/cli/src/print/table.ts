import { stripVTControlCharacters } from 'node:util';
import { type Terminal, withoutControls } from '../terminal.ts';

/** One column: its heading, and what stands in it. Undefined shows as nothing. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string | number | undefined];

/** Wider cells are cut: a line of a table is one line of a screen. */
const CELL_WIDTH_MAX = 48;

/** A table for people: aligned, a line each. */
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
