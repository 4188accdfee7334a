/** Code, which is left as it is, or one of the ways in which models write formulas. */
const CODE_OR_MATH =
  /(?<code>(?:^|\n)[ \t]*(?<fence>`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n[ \t]*\k<fence>[^\n]*|$)|(?<ticks>`+)(?!`)[\s\S]*?(?<!`)\k<ticks>(?!`))|(?<indent>^[ \t]*|\n[ \t]*|)\\\[(?<display>[\s\S]+?)\\\]|\\\((?<inline>[^\n]+?)\\\)|(?<kept>\$\$[\s\S]*?(?:\$\$|$)|\\\$)|\$(?<dollar>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?!\d)/g;

/** Whether a text may hold a formula: then the part of the page that shows them is loaded. */
export function mayHoldMath(text: string): boolean {
  return /\$\$|\\\(|\\\[|\$[^\s$][^$\n]*\$(?!\d)/.test(text);
}

/**
 * Writes every formula as `$$…$$`, which remark-math reads, and leaves prices alone: `\(…\)`, `\[…\]`, and
 * `$…$` when its dollars touch the formula and no digit follows (Pandoc's rule). Code is left as it is.
 */
export function toMathMarkdown(text: string): string {
  return text.replace(CODE_OR_MATH, (...found) => {
    const whole: string = found[0];
    const groups: Record<string, string | undefined> = found.at(-1);
    if (groups['code'] !== undefined || groups['kept'] !== undefined) return whole;
    const { display, indent = '', inline, dollar } = groups;
    if (display === undefined) return `$$${(inline ?? dollar ?? '').trim()}$$`;
    const isOnItsOwnLine = indent.startsWith('\n') || found.at(-3) === 0;
    return isOnItsOwnLine ? displayFormula(display, indent) : `$$${display.trim().replaceAll('\n', ' ')}$$`;
  });
}

/** On lines of its own, with the indentation of the list it stands in. */
function displayFormula(formula: string, indent: string): string {
  const margin = indent.replace('\n', '');
  const lines = ['$$', ...formula.trim().split('\n'), '$$'];
  return (
    indent.slice(0, indent.length - margin.length) + lines.map((line) => margin + line.trim()).join('\n')
  );
}
