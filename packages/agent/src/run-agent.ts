import type { ModelEndpoint, RunAgent } from './agent.ts';
import { AgentRun } from './agent-run.ts';
import { type AgentBounds, defaultBounds } from './bounds.ts';
import { buildContext } from './build-context.ts';
import type { Model } from './model/model.ts';
import { createModel } from './openai/create-model.ts';
import { createPostJson } from './tools/post-json.ts';
import type { ToolAddresses } from './tools/tool-address.ts';
import { type FailedToolCall, Toolbox } from './tools/toolbox.ts';

/** What answers are made with, the same for all of them. */
export interface RunAgentOptions {
  /** Asked for every answer; throws an ApiError while there is no model. */
  readonly endpoint: () => ModelEndpoint;
  /** The history's budget, in estimated tokens. */
  readonly contextTokens: number;
  /** Where tools may be; on the public internet alone unless said otherwise. */
  readonly toolAddresses?: ToolAddresses | undefined;
  /** Is told of each call of a tool that gave no result: the model was told so, and the answer goes on. */
  readonly onToolFailure?: ((call: FailedToolCall) => void) | undefined;
  readonly bounds?: Partial<AgentBounds> | undefined;
}

/**
 * Makes the function that answers. The model is asked; where it calls tools, they are called and it is asked again
 * with what they gave, up to a bound, and then once more without. A call of the model that fails before any of its
 * text was emitted is repeated where that may help, after a pause, within the answer's whole time. Once a piece was
 * emitted a failure is final: no text is ever emitted twice.
 */
export function createRunAgent(options: RunAgentOptions): RunAgent {
  const bounds = { ...defaultBounds, ...options.bounds };
  const clients = new Map<string, Model>();
  const toolDesk = {
    postJson: createPostJson(options.toolAddresses ?? { arePrivateAllowed: false }),
    onFailure: options.onToolFailure ?? (() => undefined),
  };

  function clientOf(endpoint: ModelEndpoint): Model {
    const { api = 'chat', baseUrl = '', apiKey } = endpoint;
    const name = `${api} ${baseUrl} ${apiKey}`;
    const known = clients.get(name) ?? createModel(api, endpoint, bounds.connectMaxMs);
    clients.set(name, known);
    return known;
  }

  return async function runAgent(input) {
    const { id, agent, messages, signal } = input;
    signal.throwIfAborted();
    const endpoint = options.endpoint();
    const budgetTokens = Math.min(options.contextTokens, endpoint.contextTokens ?? Number.POSITIVE_INFINITY);
    const context = buildContext(messages, agent, budgetTokens);
    if (context.at(-1)?.role !== 'user') throw new RangeError('There is no message to answer.');
    const { tools = [] } = agent;
    const plan = {
      client: clientOf(endpoint),
      model: agent.model ?? endpoint.model,
      context,
      budgetTokens,
      temperature: agent.temperature,
      tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    };
    const { firstPieceMaxMs = bounds.firstPieceMaxMs } = endpoint;
    const toolboxOf = (stop: AbortSignal) => new Toolbox(toolDesk, id, tools, bounds, stop);
    return await new AgentRun(plan, toolboxOf, input, { ...bounds, firstPieceMaxMs }).outcome();
  };
}
