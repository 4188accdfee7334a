import { limits } from '@parley/contract';
import type { policies } from '../policies.ts';

/** What the body of a request may be. */
export interface BodyBounds {
  readonly bytesMax: number;
}

const USUAL: BodyBounds = { bytesMax: limits.bodyBytesMax };
const BATCH: BodyBounds = { bytesMax: limits.batchBodyBytesMax };

/** Procedures whose bodies may be larger than the usual. A route of another kind (files, say) gets its bounds here too. */
const larger: Partial<Record<keyof typeof policies, BodyBounds>> = {
  'agent.create': { bytesMax: limits.agentBodyBytesMax },
  'agent.update': { bytesMax: limits.agentBodyBytesMax },
};

/** The bounds for the body of a request that calls these procedures, known before it is read. */
export function bodyBoundsOf(procedures: readonly string[]): BodyBounds {
  const [procedure = ''] = procedures;
  if (procedures.length > 1) return BATCH;
  return Object.hasOwn(larger, procedure) ? (larger[procedure as keyof typeof policies] ?? USUAL) : USUAL;
}
