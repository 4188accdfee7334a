/** Returns the example at the end of a verb's help. */
export function example(line: string): string {
  return `\nExample:\n  npm run -s admin -- ${line}\n`;
}
