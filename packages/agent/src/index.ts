export type {
  AgentEvent,
  AgentInput,
  AgentOutcome,
  AgentSettings,
  AgentSpent,
  AgentUsage,
  HistoryMessage,
  ModelApi,
  ModelEndpoint,
  ModelServer,
  ModelUse,
  RunAgent,
} from './agent.ts';
export type { AgentBounds } from './bounds.ts';
export { buildContext, type ContextMessage, estimateTokens, tokensOfBytes } from './build-context.ts';
export { listModels } from './list-models.ts';
export type { ModelErrorCode } from './model/model-failure.ts';
export type { ModelEnd } from './model-caller.ts';
export { type CircuitCounts, ModelCircuits } from './model-circuits.ts';
export { ModelError } from './model-error.ts';
export { createRunAgent, type ModelFallback, type RunAgentOptions } from './run-agent.ts';
export { createFetchText } from './tools/post-json.ts';
export { problemOfToolUrl, type ToolAddresses } from './tools/tool-address.ts';
