import { DEFAULT_PROVIDER, type ModelChoice, nameOfModelChoice } from '@parley/contract';
import type { ContextMessage } from './build-context.ts';
import type { Model } from './model/model.ts';
import type { ModelErrorCode } from './model/model-failure.ts';
import type { ModelCircuits } from './model-circuits.ts';
import { nameOfModel } from './model-error.ts';
import { ModelSpending } from './model-spending.ts';

/** A model that may answer, with its client and its context. */
export interface CandidateFacts extends ModelChoice {
  readonly client: Model;
  readonly context: readonly ContextMessage[];
  /** How long its first piece may take. */
  readonly firstPieceMaxMs: number;
  /** The token budget for all tool results together, estimated. */
  readonly budgetTokens: number;
}

/** A model that may answer, with what it has used for this answer. */
export class Candidate {
  readonly facts: CandidateFacts;
  readonly spending = new ModelSpending();

  constructor(facts: CandidateFacts) {
    this.facts = facts;
  }

  get isOfDefaultProvider(): boolean {
    return this.facts.provider === DEFAULT_PROVIDER;
  }

  /** The provider, unless it is the default one. */
  get provider(): string | undefined {
    return this.isOfDefaultProvider ? undefined : this.facts.provider;
  }

  /** Identifies the model in the steps that it wrote. */
  get source(): string {
    return nameOfModelChoice(this.facts);
  }

  /** The name in usage records; `model` is the name that the server reported, if it did. */
  nameOf(model = this.facts.model): string {
    return nameOfModel(model, this.provider);
  }
}

/**
 * The order in which a step calls the models: the one that answered last, then the others of the list; models with an
 * open circuit come last.
 */
export function orderOf(
  candidates: readonly Candidate[],
  current: Candidate,
  circuits: ModelCircuits,
): readonly Candidate[] {
  if (candidates.length === 1) return candidates;
  const preferred = [current, ...candidates.filter((candidate) => candidate !== current)];
  const [open, closed] = [true, false].map((isOpen) =>
    preferred.filter(({ facts }) => circuits.isOpen(facts) === isOpen),
  );
  return [...(closed ?? []), ...(open ?? [])];
}

/**
 * Whether another model is called after this failure. If a model rejects the message, another one is not called,
 * because it would reject it too.
 */
export function isForAnother(code: ModelErrorCode): boolean {
  return code !== 'model_refused';
}
