import { estimateTokens } from '../build-context.ts';

/** A shorter beginning of a result is useless. */
const LENGTH_MIN = 200;

/**
 * Cuts the results for the model: each to `lengthMax`, and all of them, with the `earlier` results, to the budget, as
 * long as each keeps a useful beginning. A cut result says so.
 */
export function fitResults(
  results: readonly string[],
  earlier: readonly string[],
  { lengthMax, budgetTokens }: { readonly lengthMax: number; readonly budgetTokens: number },
): string[] {
  let left = earlier.reduce((tokens, text) => tokens - estimateTokens(text), budgetTokens);
  return results.map((result) => {
    const within = cut(result, lengthMax);
    const tokens = estimateTokens(within);
    const share = Math.floor(within.length * Math.max(left / tokens, 0));
    const fitted = tokens <= left ? within : cut(result, Math.min(Math.max(share, LENGTH_MIN), lengthMax));
    left -= estimateTokens(fitted);
    return fitted;
  });
}

function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax).toWellFormed()}\n[cut: ${text.length - lengthMax} more characters]`;
}
