import { limits } from '@parley/contract';
import type { policies } from '../policies.ts';

/** The maximum size of a request body. */
export interface BodyBounds {
  readonly bytesMax: number;
}

const USUAL: BodyBounds = { bytesMax: limits.bodyBytesMax };
const BATCH: BodyBounds = { bytesMax: limits.batchBodyBytesMax };

/** The procedures with larger bodies. A new kind of route gets its maximum here too. */
const larger: Partial<Record<keyof typeof policies, BodyBounds>> = {
  'agent.create': { bytesMax: limits.agentBodyBytesMax },
  'file.create': { bytesMax: limits.fileBytesMax + limits.uploadFramingBytesMax },
  'agent.update': { bytesMax: limits.agentBodyBytesMax },
};

/** Returns the maximum size of a body, from the procedures that the request calls. */
export function bodyBoundsOf(procedures: readonly string[]): BodyBounds {
  const [procedure = ''] = procedures;
  if (procedures.length > 1) return BATCH;
  return Object.hasOwn(larger, procedure) ? (larger[procedure as keyof typeof policies] ?? USUAL) : USUAL;
}
