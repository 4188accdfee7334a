/**
 * Returns the lines that a terminal shows after this output. It understands the control sequences of Node's
 * readline and ignores colors.
 */
export function screenOf(written: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  const goTo = (newRow: number) => {
    row = Math.max(newRow, 0);
    while (lines.length <= row) lines.push('');
  };
  const setLine = (text: string) => {
    lines[row] = text;
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal control sequences start with one.
  for (const [part, count, command] of written.matchAll(/\u001b\[\??(\d*)[;\d]*([A-Za-z])|[\s\S]/g)) {
    const line = lines[row] ?? '';
    if (command === undefined) {
      if (part === '\r') column = 0;
      else if (part === '\n') goTo(row + 1);
      else setLine(line.padEnd(column).slice(0, column) + part + line.slice(++column));
      continue;
    }
    const steps = Number(count || 1);
    if (command === 'G') column = steps - 1;
    else if (command === 'A') goTo(row - steps);
    else if (command === 'B') goTo(row + steps);
    else if (command === 'C') column += steps;
    else if (command === 'D') column = Math.max(column - steps, 0);
    else if (command === 'K') setLine(line.slice(0, column));
    else if (command === 'J') {
      setLine(line.slice(0, column));
      lines.length = row + 1;
    }
  }
  return lines.map((line) => line.trimEnd());
}
