import type { ModelEnd } from '@parley/agent';
import { DEFAULT_PROVIDER } from '@parley/contract';
import { ModelHealth, type ModelNotice } from './model-health.ts';

/** The health of all providers. `/readyz` reports the first problem of any. */
export class ProviderHealths {
  readonly #defaultModel: () => string | undefined;
  readonly #healths: ReadonlyMap<string, ModelHealth>;

  /** Sets the default provider's own model, once it is known. */
  constructor(providers: Iterable<string>, defaultModel: () => string | undefined) {
    this.#defaultModel = defaultModel;
    this.#healths = new Map([
      [DEFAULT_PROVIDER, new ModelHealth()],
      ...[...providers].map((name) => [name, new ModelHealth(false)] as const),
    ]);
  }

  /** The health of a provider that is configured. */
  of(provider: string): ModelHealth | undefined {
    return this.#healths.get(provider);
  }

  /** Records the result of a model call. */
  readonly noteEnd = ({ provider, model, code }: ModelEnd): void => {
    const health = this.#healths.get(provider);
    const isDefault = provider === DEFAULT_PROVIDER && model === this.#defaultModel();
    const name = isDefault ? undefined : model;
    if (code === undefined) health?.noteUsable(name);
    else health?.noteProblem(code, name);
  };

  /** The present problem; undefined if none is known. */
  get notice(): ModelNotice | undefined {
    for (const { notice } of this.#healths.values()) if (notice) return notice;
    return undefined;
  }
}
