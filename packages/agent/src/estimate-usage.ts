import type { AgentUsage } from './agent.ts';
import { type ContextMessage, estimateTokens } from './build-context.ts';

/** What a call of the model costs, where its server does not tell: rather too much than too little. */
export function estimateUsage(context: readonly Pick<ContextMessage, 'content'>[], text: string): AgentUsage {
  return {
    inputTokens: context.reduce((sum, { content }) => sum + estimateTokens(content), 0),
    outputTokens: text === '' ? 0 : estimateTokens(text),
  };
}
