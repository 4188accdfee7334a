import type { ErrorCode } from '@parley/contract';
import { LRUCache } from 'lru-cache';

/** A reason why a model cannot be used until an operator acts. */
export type ModelProblem = Extract<
  ErrorCode,
  'model_key_refused' | 'model_not_found' | 'model_unreachable' | 'model_not_configured'
>;

/** A problem with the model, as `/readyz` and the log report it. */
export interface ModelNotice {
  readonly code: ModelProblem;
  readonly message: string;
}

/** The key of the default model among the models that agents name. */
const DEFAULT_MODEL = '';
/** The maximum number of unknown models to remember, because agents may name any model. */
const MODELS_MAX = 100;
/** The time after which an unknown model is forgotten: its agent may have been changed or deleted. */
const NOT_FOUND_MS = 60 * 60_000;

/**
 * Tracks whether the models of one provider can be used, from probes and the newest answers. It never rejects a message:
 * only a call of the model is certain.
 */
export class ModelHealth {
  /** The problem of the model's server as a whole. */
  #problem: Exclude<ModelProblem, 'model_not_found'> | undefined;
  /** The names of models that the server did not know. */
  readonly #notFound = new LRUCache<string, true>({ max: MODELS_MAX, ttl: NOT_FOUND_MS });

  readonly #sentences: Sentences;

  /** The default provider is configured by other settings than those of `MODEL_PROVIDERS`. */
  constructor(isDefaultProvider = true) {
    this.#sentences = isDefaultProvider ? sentences : sentencesOfOthers;
  }

  /** Records a failure of a model. Codes on which no operator has to act are ignored. */
  noteProblem(code: ErrorCode, model = DEFAULT_MODEL): void {
    switch (code) {
      case 'model_key_refused':
      case 'model_unreachable':
      case 'model_not_configured':
        this.#problem = code;
        return;
      case 'model_not_found':
        this.#problem = undefined;
        this.#notFound.set(model, true);
        return;
    }
  }

  /** Records that the server has answered with this model. */
  noteUsable(model = DEFAULT_MODEL): void {
    this.#problem = undefined;
    this.#notFound.delete(model);
  }

  /** Whether the model's server as a whole cannot be used. */
  get isServerUnusable(): boolean {
    return this.#problem !== undefined;
  }

  /** The current problem; undefined if none is known. */
  get notice(): ModelNotice | undefined {
    if (this.#problem) return { code: this.#problem, message: this.#sentences[this.#problem] };
    const names = [...this.#notFound.keys()];
    if (names.length === 0) return undefined;
    return { code: 'model_not_found', message: notFoundSentence(names) };
  }
}

type Sentences = Readonly<Record<Exclude<ModelProblem, 'model_not_found'>, string>>;

const sentences: Sentences = {
  model_key_refused: "The model's server does not accept the key: set a valid OPENAI_API_KEY.",
  model_unreachable: "The model's server cannot be reached: check OPENAI_BASE_URL and the network.",
  model_not_configured:
    'There is no model: set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server, and restart the server.',
};

/** `/readyz` is public, so it does not name the provider. */
const sentencesOfOthers: Sentences = {
  model_key_refused:
    'A provider of MODEL_PROVIDERS does not accept its key: set a valid one. The log names the provider.',
  model_unreachable:
    'A provider of MODEL_PROVIDERS cannot be reached: check its baseUrl and the network. The log names the provider.',
  model_not_configured: 'A provider of MODEL_PROVIDERS is not configured.',
};

/** `/readyz` is public, so it reports that agents name unknown models but not which. */
function notFoundSentence(names: readonly string[]): string {
  const others = names.filter((name) => name !== DEFAULT_MODEL).length;
  const advice = [
    ...(names.includes(DEFAULT_MODEL) ? ['set OPENAI_MODEL to a model that it offers'] : []),
    ...(others > 0 ? ['change the model of the agents that the log names'] : []),
  ];
  return `The model's server does not know ${names.length === 1 ? 'a model' : 'some models'}: ${advice.join(', and ')}.`;
}
