import { ApiError, type ModelChoice } from '@parley/contract';
import type { AgentInput, ModelEndpoint, RunAgent } from './agent.ts';
import { AgentRun } from './agent-run.ts';
import { type AgentBounds, defaultBounds } from './bounds.ts';
import { buildContext } from './build-context.ts';
import { Candidate } from './candidate.ts';
import { listModels, type ModelSources } from './list-models.ts';
import { FileContents, type ReadFile } from './model/file-contents.ts';
import type { Model } from './model/model.ts';
import type { AnswerPlan, ModelEnd } from './model-caller.ts';
import { ModelCircuits } from './model-circuits.ts';
import type { ModelError } from './model-error.ts';
import { createModel } from './openai/create-model.ts';
import { ToolParts } from './tool-parts.ts';
import { createPostJson } from './tools/post-json.ts';
import type { ToolAddresses } from './tools/tool-address.ts';
import { type FailedToolCall, Toolbox } from './tools/toolbox.ts';

/** The dependencies that all answers share. The functions are called for every answer. */
export interface RunAgentOptions extends ModelSources {
  /** The token budget of the history, estimated. */
  readonly contextTokens: number;
  /** Reads the content of a file for a call of a model. Default: no file is found. */
  readonly readFile?: ReadFile | undefined;
  /** The permitted addresses of tools; by default only the public internet. */
  readonly toolAddresses?: ToolAddresses | undefined;
  /**
   * Called for each tool call without a result. The model receives the failure as the result, and the answer
   * continues.
   */
  readonly onToolFailure?: ((call: FailedToolCall) => void) | undefined;
  /** Called with the result of each model that was called in a step. */
  readonly onModelEnd?: ((end: ModelEnd) => void) | undefined;
  /** Called when a model could not answer and the next one of the list is called. */
  readonly onFallback?: ((fallback: ModelFallback) => void) | undefined;
  /** The circuits of this process. Default: new ones. */
  readonly circuits?: ModelCircuits | undefined;
  readonly bounds?: Partial<AgentBounds> | undefined;
}

/** A model that could not answer, and the model that is called next. */
export interface ModelFallback {
  /** Identifies the answer. */
  readonly id: string;
  readonly error: ModelError;
  readonly next: ModelChoice;
}

/**
 * Creates the function that answers. It calls the model. If the model calls tools, it calls them and then the model
 * again with the results, up to a limit, and then once more without tools. While other models of the list remain, a
 * model that fails is replaced by the next one. A call of the last model that fails before any of its text was
 * emitted is repeated after a pause if that may help, within the time limit of the whole answer.
 */
export function createRunAgent(options: RunAgentOptions): RunAgent {
  const bounds = { ...defaultBounds, ...options.bounds };
  const clients = new Map<string, Model>();
  const files = new FileContents(options.readFile);
  const circuits = options.circuits ?? new ModelCircuits(bounds);
  const { onModelEnd = () => undefined, onFallback } = options;
  const toolDesk = {
    postJson: createPostJson(options.toolAddresses ?? { arePrivateAllowed: false }),
    onFailure: options.onToolFailure ?? (() => undefined),
  };

  function clientOf({ api = 'chat', baseUrl = '', apiKey }: ModelEndpoint): Model {
    const name = `${api} ${baseUrl} ${apiKey}`;
    const known =
      clients.get(name) ??
      createModel(api, { baseUrl: baseUrl || undefined, apiKey }, bounds.connectMaxMs, files);
    clients.set(name, known);
    return known;
  }

  function candidatesOf({ agent, messages }: AgentInput): AnswerPlan['candidates'] {
    const [first, ...others] = listModels(agent, options).map(({ provider, model, endpoint }) => {
      const { firstPieceMaxMs = bounds.firstPieceMaxMs, contextTokens = Number.POSITIVE_INFINITY } = endpoint;
      const budgetTokens = Math.min(options.contextTokens, contextTokens);
      const context = buildContext(messages, agent, budgetTokens);
      if (context.at(-1)?.role !== 'user') throw new RangeError('There is no message to answer.');
      const client = clientOf(endpoint);
      return new Candidate({ provider, model, client, context, budgetTokens, firstPieceMaxMs });
    });
    if (!first) throw new ApiError('model_not_configured');
    return [first, ...others];
  }

  return async function runAgent(input) {
    const { id, agent, signal } = input;
    signal.throwIfAborted();
    const { tools = [], temperature, reasoning } = agent;
    const plan: AnswerPlan = {
      ...{ candidates: candidatesOf(input), circuits, temperature, onModelEnd },
      onFallback: (error, { provider, model }) => onFallback?.({ id, error, next: { provider, model } }),
      toolParts: new ToolParts(tools),
      showsReasoning: reasoning === 'show',
      tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    };
    const toolboxOf = (stop: AbortSignal) => new Toolbox(toolDesk, id, tools, bounds, stop);
    return await new AgentRun(plan, toolboxOf, input, bounds).outcome();
  };
}
