import { appRouter } from './app-router.ts';
import type { ProcedureMeta } from './trpc.ts';

/** A procedure with its REST route. */
export interface RestOperation {
  /** The procedure's name, such as `chat.create`. */
  readonly procedure: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As OpenAPI writes it: `/chat/{chatId}`. */
  readonly path: string;
  readonly pathParameters: readonly string[];
  readonly meta: ProcedureMeta;
}

interface ProcedureDefinition {
  readonly _def: { readonly meta?: ProcedureMeta };
}

/**
 * The REST operations, from the metadata of the router. Routes, document and 405 responses are derived from this
 * list.
 */
export const restOperations: readonly RestOperation[] = Object.entries(
  // tRPC types its record by procedure; this only reads the metadata.
  appRouter._def.procedures as unknown as Record<string, ProcedureDefinition>,
).flatMap(
  ([
    procedure,
    {
      _def: { meta },
    },
  ]) => {
    if (!meta?.openapi) return [];
    const { method, path } = meta.openapi;
    const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    return [{ procedure, method, path, pathParameters, meta }];
  },
);
