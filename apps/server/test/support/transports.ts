import { appRouter, type RestOperation, restOperations } from '@parley/api';
import type { ErrorEnvelope } from '@parley/contract';
import { checkedFetch, type RestRequest, rest } from './client.ts';

/** The two transports. */
export const transports = ['rest', 'trpc'] as const;
export type Transport = (typeof transports)[number];

/** The response to one request, in a form that both transports share. */
export interface TransportAnswer {
  readonly status: number;
  /** The result; undefined if there is none, and for every error. */
  readonly data: unknown;
  readonly apiError: ErrorEnvelope | undefined;
}

export interface TransportRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls a procedure over one transport with any input. */
export async function ask(
  transport: Transport,
  procedure: string,
  input: unknown,
  { url, headers = {} }: TransportRequest,
): Promise<TransportAnswer> {
  return transport === 'rest'
    ? await callRest(procedure, input, url, headers)
    : await callTrpc(procedure, input, url, headers);
}

async function callRest(
  procedure: string,
  input: unknown,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<TransportAnswer> {
  const { method } = operationOf(procedure);
  const { path, ...request } = toRestRequest(procedure, input);
  const answer = await rest(url, method, path, { ...request, headers });
  const isRefused = answer.status >= 400;
  return {
    status: answer.status,
    data: isRefused ? undefined : answer.body,
    apiError: isRefused ? answer.apiError : undefined,
  };
}

/** Whether an operation takes its input in a body or in the query. */
export function takesBody(method: string): boolean {
  return method === 'POST' || method === 'PATCH' || method === 'PUT';
}

/** Builds the REST request of an input: path parameters go into the path, the rest into the body or the query. */
export function toRestRequest(procedure: string, input: unknown): RestRequest & { path: string } {
  const { method, path, pathParameters } = operationOf(procedure);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { path, body: input };
  const left = new Map(Object.entries(input));
  const filled = pathParameters.reduce((filling, name) => {
    const value = encodeURIComponent(String(left.get(name)));
    left.delete(name);
    return filling.replace(`{${name}}`, () => value);
  }, path);
  const rest = Object.fromEntries(left);
  if (takesBody(method)) return { path: filled, body: rest };
  const query = Object.fromEntries([...left].map(([name, value]) => [name, String(value)]));
  return left.size === 0 ? { path: filled } : { path: filled, query };
}

async function callTrpc(
  procedure: string,
  input: unknown,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<TransportAnswer> {
  const json = JSON.stringify(input);
  const isQuery = isTrpcQuery(procedure);
  const query = isQuery && json !== undefined ? `?input=${encodeURIComponent(json)}` : '';
  const response = await checkedFetch(`${url}/trpc/${procedure}${query}`, {
    method: isQuery ? 'GET' : 'POST',
    headers: { ...(!isQuery && { 'content-type': 'application/json' }), ...headers },
    ...(!isQuery && json !== undefined && { body: json }),
  });
  const body = (await response.json()) as TrpcBody;
  return { status: response.status, data: body.result?.data, apiError: body.error?.data.apiError };
}

interface TrpcBody {
  readonly result?: { readonly data?: unknown };
  readonly error?: { readonly data: { readonly apiError: ErrorEnvelope } };
}

/** The REST operation of a procedure. */
export function operationOf(procedure: string): RestOperation {
  const found = restOperations.find((operation) => operation.procedure === procedure);
  if (!found) throw new Error(`${procedure} has no REST operation`);
  return found;
}

export interface ProcedureDefinition {
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly inputs: readonly { readonly shape: Readonly<Record<string, unknown>> }[];
}

/** Every procedure of the router by its name. */
export function procedureDefinitions(): Record<string, ProcedureDefinition> {
  // tRPC's type of its record depends on the procedure; only the common part is used here.
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: ProcedureDefinition }>;
  return Object.fromEntries(Object.entries(procedures).map(([name, { _def }]) => [name, _def]));
}

function isTrpcQuery(procedure: string): boolean {
  return procedureDefinitions()[procedure]?.type === 'query';
}
