import type { AgentUsage, ModelUse } from './agent.ts';

/** The usage of one model. */
export class ModelSpending {
  /** As reported by the model's server. */
  usage: AgentUsage | undefined;
  /** The estimate for calls without reported usage. */
  estimate: AgentUsage | undefined;
  /** HTTP calls that have ended. */
  calls = 0;

  addUsage(usage: AgentUsage | undefined): void {
    this.usage = sumOf(this.usage, usage);
  }

  addEstimate(estimate: AgentUsage | undefined): void {
    this.estimate = sumOf(this.estimate, estimate);
  }

  /** The whole usage under the name of its model; undefined if the model was never called. */
  toUse(model: string): ModelUse | undefined {
    if (this.calls === 0) return undefined;
    const usage = sumOf(this.usage, this.estimate);
    return { model, calls: this.calls, ...(usage && { usage }), ...(this.estimate && { isEstimated: true }) };
  }
}

/** The sum of the known values. */
export function sumOf(sum: AgentUsage | undefined, more: AgentUsage | undefined): AgentUsage | undefined {
  if (!sum || !more) return sum ?? more;
  return {
    inputTokens: sum.inputTokens + more.inputTokens,
    outputTokens: sum.outputTokens + more.outputTokens,
  };
}
