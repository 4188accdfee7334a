import { ApiError, DEFAULT_PROVIDER, type ModelChoice } from '@parley/contract';
import type { AgentSettings, ModelEndpoint, ModelServer } from './agent.ts';

/** The servers of the models, and the default models. */
export interface ModelSources {
  /** The default provider with its model. Throws an ApiError if there is none at present. */
  readonly endpoint: () => ModelEndpoint;
  /** Further providers of the operator's configuration, by name. */
  readonly providers?: ReadonlyMap<string, ModelServer> | undefined;
  /** Default: the default provider's own model. */
  readonly defaultModels?: readonly ModelChoice[] | undefined;
}

/** A model that may answer, with its server. */
export interface ListedModel extends ModelChoice {
  readonly endpoint: ModelEndpoint;
}

/**
 * The models that may answer for an agent, in order. A provider that is not configured, or has no model at present,
 * is left out.
 *
 * @throws ApiError when none is left
 */
export function listModels(agent: AgentSettings, sources: ModelSources): readonly ListedModel[] {
  const listed: ListedModel[] = [];
  let problem: ApiError | undefined;
  for (const choice of choicesOf(agent, sources)) {
    try {
      listed.push(resolve(choice, sources));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem ??= error;
    }
  }
  if (listed.length === 0) throw problem ?? new ApiError('model_not_configured');
  return listed;
}

/** Without a model, the choice is the default model of its provider. */
type Choice = Pick<ModelChoice, 'provider'> & Partial<ModelChoice>;

function choicesOf({ models, model }: AgentSettings, { defaultModels }: ModelSources): readonly Choice[] {
  if (models?.length) return models;
  const defaults: readonly Choice[] = defaultModels?.length
    ? defaultModels
    : [{ provider: DEFAULT_PROVIDER }];
  return model === undefined ? defaults : [{ ...defaults[0], provider: defaults[0]?.provider ?? '', model }];
}

function resolve({ provider, model }: Choice, { endpoint, providers }: ModelSources): ListedModel {
  if (provider === DEFAULT_PROVIDER) {
    const found = endpoint();
    const name = model ?? found.model;
    return { provider, model: name, endpoint: { ...found, model: name } };
  }
  const server = providers?.get(provider);
  if (!server || model === undefined) throw new ApiError('model_not_configured');
  return { provider, model, endpoint: { ...server, model } };
}
