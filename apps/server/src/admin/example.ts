/** What a verb's help ends with. */
export function example(line: string): string {
  return `\nExample:\n  npm run -s admin -- ${line}\n`;
}
