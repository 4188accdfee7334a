import type { AgentUsage } from './agent.ts';
import { estimateTokens } from './build-context.ts';

/** What a call of the model costs, where its server does not tell: rather too much than too little. */
export function estimateUsage(texts: readonly string[], text: string): AgentUsage {
  return {
    inputTokens: texts.reduce((sum, sent) => sum + estimateTokens(sent), 0),
    outputTokens: text === '' ? 0 : estimateTokens(text),
  };
}
