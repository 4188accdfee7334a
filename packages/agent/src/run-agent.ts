import type { ModelEndpoint, RunAgent } from './agent.ts';
import { AgentRun } from './agent-run.ts';
import { type AgentBounds, defaultBounds } from './bounds.ts';
import { buildContext } from './build-context.ts';
import { ModelClient } from './model-client.ts';

export interface RunAgentOptions {
  /** Asked for every answer; throws a Refusal while there is no model. */
  readonly endpoint: () => ModelEndpoint;
  /** The history's budget, in estimated tokens. */
  readonly contextTokens: number;
  readonly bounds?: Partial<AgentBounds> | undefined;
}

/**
 * Makes the function that answers. One call of the model gives the answer; a call that fails before any of it
 * was emitted is repeated where that may help, after a pause, within the answer's whole time. Once a piece was
 * emitted a failure is final: no text is ever emitted twice.
 */
export function createRunAgent(options: RunAgentOptions): RunAgent {
  const bounds = { ...defaultBounds, ...options.bounds };
  const clients = new Map<string, ModelClient>();

  function clientOf(endpoint: ModelEndpoint): ModelClient {
    const name = `${endpoint.baseUrl ?? ''} ${endpoint.apiKey}`;
    const known = clients.get(name) ?? new ModelClient(endpoint, bounds);
    clients.set(name, known);
    return known;
  }

  return async function runAgent({ agent, messages, signal, emit }) {
    signal.throwIfAborted();
    const endpoint = options.endpoint();
    const budget = Math.min(options.contextTokens, endpoint.contextTokens ?? Number.POSITIVE_INFINITY);
    const context = buildContext(messages, agent, budget);
    if (context.at(-1)?.role !== 'user') throw new RangeError('There is no message to answer.');
    const model = agent.model ?? endpoint.model;
    const request = { model, messages: context, temperature: agent.temperature };
    return await new AgentRun(
      clientOf(endpoint),
      request,
      endpoint.apiKey,
      { signal, emit },
      bounds,
    ).outcome();
  };
}
