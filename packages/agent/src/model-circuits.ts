import { type ModelChoice, nameOfModelChoice } from '@parley/contract';
import { LRUCache } from 'lru-cache';
import { type AgentBounds, defaultBounds } from './bounds.ts';

type CircuitBounds = Pick<AgentBounds, 'circuitFailuresMax' | 'circuitOpenMs'>;

/** The number of a provider's models with an open circuit, and of those that are being probed. */
export interface CircuitCounts {
  readonly provider: string;
  readonly open: number;
  readonly halfOpen: number;
}

interface Circuit extends ModelChoice {
  failures: number;
  openUntil: number;
  isProbed: boolean;
}

/** The number of failing models that are remembered, because agents may name any model. */
const MODELS_MAX = 1_000;

/**
 * A circuit breaker for each model of this process. It opens after several failures in a row; then the other models
 * of a list are called first, and after a while one call probes the model. A circuit only changes the order of the
 * calls: if there is no other model, it rejects no call.
 */
export class ModelCircuits {
  readonly #bounds: CircuitBounds;
  readonly #circuits = new LRUCache<string, Circuit>({ max: MODELS_MAX });

  constructor(bounds: Partial<CircuitBounds> = {}) {
    this.#bounds = { ...defaultBounds, ...bounds };
  }

  /** Whether another model is called first. */
  isOpen(model: ModelChoice): boolean {
    const circuit = this.#circuits.get(nameOfModelChoice(model));
    if (!circuit || !this.#hasOpened(circuit)) return false;
    return circuit.isProbed || performance.now() < circuit.openUntil;
  }

  /** Notes that a model is called. */
  begin(model: ModelChoice): void {
    const circuit = this.#circuits.get(nameOfModelChoice(model));
    if (circuit && this.#hasOpened(circuit)) circuit.isProbed = true;
  }

  /** Notes the result; `unknown` if the answer ended for another reason. */
  end(model: ModelChoice, result: 'works' | 'failed' | 'unknown'): void {
    const name = nameOfModelChoice(model);
    if (result === 'works') {
      this.#circuits.delete(name);
      return;
    }
    const known = this.#circuits.get(name);
    if (known) known.isProbed = false;
    if (result === 'failed') this.#fail(name, known ?? { ...model, ...FRESH });
  }

  /** Counts by provider. Providers with nothing to count are absent. */
  counts(): CircuitCounts[] {
    const opened = [...this.#circuits.values()].filter((circuit) => this.#hasOpened(circuit));
    return [...Map.groupBy(opened, ({ provider }) => provider)].map(([provider, circuits]) => {
      const halfOpen = circuits.filter(({ isProbed }) => isProbed).length;
      return { provider, open: circuits.length - halfOpen, halfOpen };
    });
  }

  #fail(name: string, circuit: Circuit): void {
    circuit.failures++;
    circuit.openUntil = performance.now() + this.#bounds.circuitOpenMs;
    this.#circuits.set(name, circuit);
  }

  #hasOpened({ failures }: Circuit): boolean {
    return failures >= this.#bounds.circuitFailuresMax;
  }
}

const FRESH = { failures: 0, openUntil: 0, isProbed: false };
