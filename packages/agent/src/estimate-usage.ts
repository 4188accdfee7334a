import type { AgentUsage } from './agent.ts';
import { estimateTokens } from './build-context.ts';

/** Estimates the usage of a call whose server reports none. The estimate is high rather than low. */
export function estimateUsage(texts: readonly string[], text: string): AgentUsage {
  return {
    inputTokens: texts.reduce((sum, sent) => sum + estimateTokens(sent), 0),
    outputTokens: text === '' ? 0 : estimateTokens(text),
  };
}
