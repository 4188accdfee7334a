import { DEFAULT_PROVIDER, type ModelChoice, nameOfModelChoice } from '@parley/contract';
import type { ContextMessage } from './build-context.ts';
import type { Model } from './model/model.ts';
import type { ModelErrorCode } from './model/model-failure.ts';
import type { ModelCircuits } from './model-circuits.ts';
import { nameOfModel } from './model-error.ts';
import { ModelSpending } from './model-spending.ts';

/** A model that may answer, and how it is asked. */
export interface CandidateFacts extends ModelChoice {
  readonly client: Model;
  readonly context: readonly ContextMessage[];
  /** How long its first piece may take. */
  readonly firstPieceMaxMs: number;
  /** For the results of all tools together, in estimated tokens. */
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

  /** Names it in the steps that it wrote. */
  get source(): string {
    return nameOfModelChoice(this.facts);
  }

  /** How usage names it; `model` is the name that its server gave, if it gave one. */
  nameOf(model = this.facts.model): string {
    return nameOfModel(model, this.provider);
  }
}

/**
 * The order in which models are asked in a step: the one that answered last, then the others of the list; those whose
 * circuit is open come last.
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

/** Whether another model is asked after this failure. A model that rejects the message works: another one would reject it too. */
export function isForAnother(code: ModelErrorCode): boolean {
  return code !== 'model_refused';
}
