export { type AppRouter, appRouter } from './app-router.ts';
export type { Caller, KeyHeaders } from './caller.ts';
export { type Context, createContext, type Services } from './context.ts';
export { lockCoercion } from './lock-coercion.ts';
export { buildOpenApiDocument } from './openapi-document.ts';
export { refusalOf, toTrpcError } from './refusal-of.ts';
export { type RestOperation, restOperations } from './rest-operations.ts';
export type { ProcedureMeta } from './trpc.ts';
