import { estimateTokens } from '../build-context.ts';

/** Less than this of a result says nothing. */
const LENGTH_MIN = 200;

/**
 * Results as the model is told them: none longer than `lengthMax`, and all of them together, with those it was told
 * before, within the budget, as far as that leaves each a beginning. What is cut says so.
 */
export function fitResults(
  results: readonly string[],
  told: readonly string[],
  { lengthMax, budgetTokens }: { readonly lengthMax: number; readonly budgetTokens: number },
): string[] {
  let left = told.reduce((tokens, text) => tokens - estimateTokens(text), budgetTokens);
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
