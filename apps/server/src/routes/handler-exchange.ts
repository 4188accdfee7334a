import type { ApiError } from '@parley/contract';

/*
 * trpc-to-openapi's handler speaks node:http or fetch. Fastify has done the parsing already, so it is given
 * two small objects instead: a request that answers the few questions the handler asks, and a response that
 * keeps what it says. Making real ones costs several times the procedure call itself.
 */

/** What the handler asks of a request. */
export interface HandlerRequestParts<Context> {
  readonly method: string;
  /** The canonical path: decoded ids, no query. */
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: unknown;
  readonly query: Readonly<Record<string, unknown>>;
  /** What the procedure gets. */
  readonly context: Context;
}

/**
 * A request the handler takes for a fetch `Request` (it asks by `instanceof`), which keeps it from building
 * one, with its streams and listeners, only to read an abort signal that our context already carries.
 */
export class HandlerRequest<Context> {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
  readonly query: Readonly<Record<string, unknown>>;
  readonly context: Context;
  readonly signal = undefined;
  /** Set by the handler's `onError`. */
  apiError: ApiError | undefined;

  constructor({ method, url, contentType, body, query, context }: HandlerRequestParts<Context>) {
    this.method = method;
    this.url = url;
    this.headers = { get: (name) => (name === 'content-type' ? (contentType ?? null) : null) };
    this.body = body;
    this.query = query;
    this.context = context;
  }
}
Object.setPrototypeOf(HandlerRequest.prototype, Request.prototype);

/** Keeps what the handler answers. */
export class HandlerResponse {
  statusCode = 200;
  body = '';

  /** The handler names a content type and, through `responseMeta`, headers: we set ours ourselves. */
  setHeader(): void {}

  end(body?: string): void {
    this.body = body ?? '';
  }
}
