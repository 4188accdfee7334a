import { Refusal } from '@parley/contract';
import type { Stores } from '@parley/db';
import type { Turns } from '@parley/turns';
import { authenticate, type Caller, type KeyHeaders, type OriginHeaders } from './caller.ts';
import type { RateLimiter, RateVerdict } from './rate-limiter.ts';

/** What procedures work with; made once per process by whoever hosts the router. */
export interface Services {
  readonly stores: Stores;
  readonly turns: Turns;
  /** Without one there are no limits. */
  readonly rateLimiter?: RateLimiter | undefined;
}

/** What a procedure gets with each request. */
export interface Context {
  readonly services: Services;
  /** Names this request in answers and logs. */
  readonly requestId: string;
  /** The header `Idempotency-Key`, as it came. */
  readonly idempotencyKey: string | undefined;
  /** Says in the answer's headers that an earlier request's outcome is given again. */
  markReplayed(): void;
  /** A signal that aborts when the client hangs up: it ends waits, never a turn. Made when first asked for. */
  hangUp(): AbortSignal;
  /** Who calls; looked up once per request, however many procedures a batch holds. */
  caller(): Promise<Caller>;
}

/** Makes the context of one request, whatever host it came through. */
export function createContext(
  services: Services,
  request: {
    headers: KeyHeaders & OriginHeaders & { readonly idempotencyKey: string | undefined };
    requestId: string;
    hangUp: () => AbortSignal;
    onReplay: () => void;
    onRate: (rate: RateVerdict) => void;
    /** The page that asks may not read what it is answered. */
    onForeignOrigin: () => void;
  },
): Context {
  let caller: Promise<Caller> | undefined;
  const counted = (found: Caller): Caller => {
    const rate = services.rateLimiter?.take(found.key, found.kind);
    if (rate) request.onRate(rate);
    return { ...found, rate };
  };
  return {
    services,
    requestId: request.requestId,
    idempotencyKey: request.headers.idempotencyKey,
    markReplayed: request.onReplay,
    hangUp: request.hangUp,
    caller: () => {
      caller ??= authenticate(services.stores, request.headers).then(counted, (error: unknown) => {
        if (isOfOrigin(error)) request.onForeignOrigin();
        throw error;
      });
      return caller;
    },
  };
}

function isOfOrigin(error: unknown): boolean {
  if (!(error instanceof Refusal)) return false;
  return error.code === 'key_origin_not_allowed' || error.code === 'secret_key_in_browser';
}
