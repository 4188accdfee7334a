export type { AgentBounds } from './bounds.ts';
export { buildContext, type ContextMessage, estimateTokens } from './build-context.ts';
export { ModelError, type ModelErrorCode } from './model-error.ts';
export {
  type AgentEvent,
  type AgentInput,
  type AgentOutcome,
  type AgentSettings,
  type AgentUsage,
  createRunAgent,
  type HistoryMessage,
  type ModelEndpoint,
  type RunAgent,
  type RunAgentOptions,
} from './run-agent.ts';
