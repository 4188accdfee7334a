import type { AnyRouter } from '@trpc/server';
import { z } from 'zod';

/**
 * Keeps an input schema meaning one thing. At its first REST call trpc-to-openapi sets `coerce` on the number,
 * boolean and date schemas of a procedure, in place: from then on tRPC calls and nested bodies are coerced
 * too, `"false"` to `true`. Here `coerce` is fixed as it was declared, and writes to it are ignored.
 * A query field that must be a number says so itself (see `pageLimitSchema`).
 */
export function lockCoercion(router: AnyRouter): void {
  const procedures: Record<string, { _def: { inputs?: unknown[] } }> = router._def.procedures;
  for (const { _def } of Object.values(procedures)) {
    for (const input of _def.inputs ?? []) lockSchema(input, new Set());
  }
}

function lockSchema(schema: unknown, seen: Set<unknown>): void {
  if (!(schema instanceof z.ZodType) || seen.has(schema)) return;
  seen.add(schema);
  const { def } = schema;
  if (!Object.getOwnPropertyDescriptor(def, 'coerce')?.set) {
    const declared: unknown = Reflect.get(def, 'coerce');
    Object.defineProperty(def, 'coerce', { get: () => declared, set: () => undefined, enumerable: true });
  }
  for (const child of childrenOf(schema)) lockSchema(child, seen);
}

function childrenOf(schema: z.ZodType): unknown[] {
  if (schema instanceof z.ZodObject) return Object.values(schema.shape);
  // Every wrapper and composite of zod keeps its parts in its definition.
  return Object.values(schema.def).flat();
}
