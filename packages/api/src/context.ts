import { Refusal } from '@parley/contract';
import type { ApiKeyRecord, Stores } from '@parley/db';
import type { Turns } from '@parley/turns';
import type { ProblemOfToolUrl } from './agent/tools-of.ts';
import type { TurnLimits } from './asker-of.ts';
import { authenticate, type Caller } from './caller.ts';
import type { IsOwnOrigin } from './own-origins.ts';
import type { RateLimiter, RateLimits, RateVerdict } from './rate-limiter.ts';
import { ofAddress, subjectsOf } from './rate-subjects.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { OpenStream, StreamKind } from './streams/open-stream.ts';
import type { OpenStreams } from './streams/open-streams.ts';

/** What procedures work with; made once per process by whoever hosts the router. */
export interface Services {
  readonly stores: Stores;
  readonly turns: Turns;
  /** All streams that are open in this process. */
  readonly streams: OpenStreams;
  /** Without them a team has as many unfinished turns at a time as it likes, unless it has set a bound. */
  readonly turnLimits?: TurnLimits | undefined;
  /** What keeps agents from calling a tool at an address; without it all are taken, and each call is judged. */
  readonly problemOfToolUrl?: ProblemOfToolUrl | undefined;
  /** Recognises the server's own pages; without it, those that are opened on this machine. */
  readonly isOwnOrigin?: IsOwnOrigin | undefined;
  /** Without it there are no limits. */
  readonly rates?: { readonly limiter: RateLimiter; readonly limits: RateLimits } | undefined;
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
  /** The client's address as limits count it: an IPv4 address or an IPv6 network; undefined when it is unknown. */
  readonly address: () => string | undefined;
  /**
   * Counts something that an address may do so often in a minute.
   *
   * @throws Refusal `rate_limited`
   */
  limitByAddress(what: string, perMinute: number): void;
  /**
   * Takes this request's place among the open streams; the same one when asked again. It is given back when the
   * stream ends, or the client hangs up.
   *
   * @throws Refusal `too_many_streams`, and as `caller` does
   */
  openStream(kind: StreamKind): Promise<OpenStream>;
  /** Who calls; looked up once per request, however many procedures a batch holds. */
  caller(): Promise<Caller>;
}

/** A request as a host tells it: what it came with, and what its answer is to say. */
export interface HostedRequest {
  readonly headers: RequestHeaders;
  readonly requestId: string;
  /** Where it comes from; undefined when that is not known, as behind a proxy nobody was told of. */
  readonly address: () => string | undefined;
  /** How many procedures it calls. */
  readonly calls: number;
  readonly hangUp: () => AbortSignal;
  readonly onReplay: () => void;
  readonly onRate: (rate: RateVerdict) => void;
  /** The page that asks may not read what it is answered. */
  readonly onForeignOrigin: () => void;
}

/** Makes the context of one request, whatever host it came through; `nodeRequest` tells of one of `node:http`. */
export function createContext(services: Services, request: HostedRequest): Context {
  let caller: Promise<Caller> | undefined;
  let stream: Promise<OpenStream> | undefined;
  const { rates, streams } = services;
  const { address, calls } = request;
  const counted = (found: Caller): Caller => {
    const rate = rates?.limiter.take(subjectsOf(found, address, rates.limits), calls);
    if (rate) request.onRate(rate);
    return { ...found, rate };
  };
  const refused = (error: unknown): never => {
    if (isOfOrigin(error)) request.onForeignOrigin();
    // Whoever tries keys is slowed as whoever has one; a database that is away is nobody's doing.
    const isTheirs = error instanceof Refusal && error.status < 500;
    if (rates && isTheirs) refuseLimited(rates.limiter.take(ofAddress(address(), rates.limits), calls));
    throw error;
  };
  /** Nobody waits for it: the key is refused, noted or not. */
  const noteLeak = ({ team, id }: ApiKeyRecord) => {
    const actor = { kind: 'key', key: id } as const;
    const entry = { actor, action: 'secret_key_in_browser', request: request.requestId };
    services.stores.audit.note({ team }, entry).catch(() => undefined);
  };
  const open = async (kind: StreamKind): Promise<OpenStream> => {
    const found = await findCaller();
    const opened = streams.open({ caller: found, kind, address: address(), origin: request.headers });
    const hangUp = request.hangUp();
    if (hangUp.aborted) opened.close();
    else hangUp.addEventListener('abort', () => opened.close(), { once: true, signal: opened.signal });
    return opened;
  };
  const findCaller = () => {
    caller ??= authenticate(services.stores, request.headers, noteLeak).then(counted, refused);
    return caller;
  };
  return {
    services,
    requestId: request.requestId,
    idempotencyKey: request.headers.idempotencyKey,
    markReplayed: request.onReplay,
    hangUp: request.hangUp,
    address,
    limitByAddress(what, limit) {
      const from = rates && address();
      if (from === undefined) return;
      refuseLimited(rates?.limiter.take([{ name: `${what}:${from}`, limit, isShared: false }]));
    },
    openStream: (kind) => {
      stream ??= open(kind);
      return stream;
    },
    caller: findCaller,
  };
}

/** @throws Refusal `rate_limited` */
export function refuseLimited(rate: RateVerdict | undefined): void {
  if (!rate || rate.isAllowed) return;
  const retryAfterSeconds = Math.max(Math.ceil(rate.resetAt - Date.now() / 1_000), 1);
  throw new Refusal('rate_limited', { retryAfterSeconds });
}

function isOfOrigin(error: unknown): boolean {
  if (!(error instanceof Refusal)) return false;
  return error.code === 'key_origin_not_allowed' || error.code === 'secret_key_in_browser';
}
