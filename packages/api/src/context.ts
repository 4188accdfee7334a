import { ApiError } from '@parley/contract';
import type { ApiKeyRecord, Stores } from '@parley/db';
import type { Turns } from '@parley/turns';
import type { ProblemOfToolUrl } from './agent/tools-of.ts';
import type { Caller } from './caller.ts';
import { auditEntryOf, noteEscalation } from './credentials/note-escalation.ts';
import { authenticateRequest } from './gate/authenticate-request.ts';
import type { ClientAddress } from './gate/client-address.ts';
import type { Gate } from './gate/gate.ts';
import { rejectComplexValue } from './gate/json-bounds.ts';
import type { RateVerdict } from './gate/rate-limiter.ts';
import type { LargeLists } from './large-list/large-lists.ts';
import type { IsOwnOrigin } from './own-origins.ts';
import type { RequestHeaders } from './request-headers.ts';
import type { OpenStream, StreamKind } from './streams/open-stream.ts';
import type { OpenStreams } from './streams/open-streams.ts';
import type { KeySets } from './token-issuer/key-sets.ts';

/** How many turns may be unfinished at a time; 0 is no limit. `team` applies to teams without a limit of their own. */
export interface TurnLimits {
  readonly team: number;
  readonly user: number;
}

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
  /** The keys of teams' token issuers; without it no token of an issuer is accepted. */
  readonly keySets?: KeySets | undefined;
  /** Counts requests; without it there are no limits. */
  readonly gate?: Gate | undefined;
  /** The places for large lists in this process. */
  readonly largeLists: LargeLists;
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
  disconnect(): AbortSignal;
  /** The client's address as limits count it: an IPv4 address or an IPv6 /64; undefined when the host does not know it. */
  readonly address: () => string | undefined;
  /** The same, and whether it is a proxy that stands for many clients. */
  readonly client: () => ClientAddress | undefined;
  /**
   * Takes this request's place among the open streams; the same one when asked again. It is given back when the
   * stream ends, or the client hangs up.
   *
   * @throws ApiError `too_many_streams`, and as `caller` does
   */
  openStream(kind: StreamKind): Promise<OpenStream>;
  /**
   * Rejects the input of a call that holds too much, unless the host has looked at the body of the whole request.
   *
   * @throws ApiError `payload_too_complex`
   */
  checkInput(read: () => Promise<unknown>): Promise<void>;
  /** Who calls. The request is identified and counted once, however many procedures a batch holds. */
  caller(): Promise<Caller>;
  /**
   * To be called before a large list is read: the calls of one batch may not hold several of them in memory.
   *
   * @throws ApiError `overloaded` when this request has read one already
   */
  claimLargeList(): void;
  /** Takes the JSON of a large list's items, so that the answer need not be serialised in one go. */
  readonly onLargeList?: OnLargeList | undefined;
}

/** Is given a list of an answer, and the JSON of each of its items. */
export type OnLargeList = (list: readonly unknown[], texts: readonly string[]) => void;

/** A request as a host tells it: what it came with, and what its answer is to say. */
export interface HostedRequest {
  readonly headers: RequestHeaders;
  readonly requestId: string;
  /** Whether the host has rejected bodies and inputs that hold too much (`rejectComplexJson`), before it parsed them. */
  readonly isBodyChecked: boolean;
  /** Where it comes from; undefined when the host does not know it. */
  readonly client: () => ClientAddress | undefined;
  /** The procedures it calls. */
  readonly procedures: readonly string[];
  readonly disconnect: () => AbortSignal;
  readonly onReplay: () => void;
  readonly onRate: (rate: RateVerdict) => void;
  /** Who called, once that is known: for the host's log. */
  readonly onCaller?: (caller: Caller) => void;
  /** The page that asks may not read what it is answered. */
  readonly onForeignOrigin: () => void;
  /** For a host that can send a large list in pieces. */
  readonly onLargeList?: OnLargeList;
}

/** Makes the context of one request, whatever host it came through; `nodeRequest` tells of one of `node:http`. */
export function createContext(services: Services, request: HostedRequest): Context {
  let caller: Promise<Caller> | undefined;
  let stream: Promise<OpenStream> | undefined;
  let hasLargeList = false;
  let keys = 0;
  const { streams } = services;
  const { client, procedures, headers, onRate } = request;
  /** Nobody waits for it: the key is rejected, noted or not. */
  const auditSecretInPage = ({ team, id }: ApiKeyRecord) => {
    const entry = auditEntryOf({ key: id }, request.requestId, client()?.text);
    services.stores.audit
      .note({ team }, { ...entry, action: 'secret_key_in_browser' })
      .catch(() => undefined);
  };
  const open = async (kind: StreamKind): Promise<OpenStream> => {
    const found = await findCaller();
    const opened = streams.open({ caller: found, kind, client: client(), origin: headers });
    const disconnect = request.disconnect();
    if (disconnect.aborted) opened.close();
    else disconnect.addEventListener('abort', () => opened.close(), { once: true, signal: opened.signal });
    return opened;
  };
  /** Nobody waits for it either. */
  const onForbidden = (found: Caller, procedure: string, error: ApiError) => {
    const entry = auditEntryOf(found, request.requestId, client()?.text);
    void noteEscalation(services.stores.audit, found, entry, { procedure, error });
  };
  const findCaller = () => {
    const incoming = { client, procedures, headers, onRate, onSecretInPage: auditSecretInPage, onForbidden };
    const identifying = { ...services.stores, keySets: services.keySets };
    caller ??= authenticateRequest(identifying, services.gate, incoming).then(
      (found) => {
        request.onCaller?.(found);
        return found;
      },
      (error: unknown) => {
        if (isOfOrigin(error)) request.onForeignOrigin();
        throw error;
      },
    );
    return caller;
  };
  return {
    services,
    requestId: request.requestId,
    idempotencyKey: request.headers.idempotencyKey,
    markReplayed: request.onReplay,
    disconnect: request.disconnect,
    address: () => client()?.text,
    client,
    openStream: (kind) => {
      stream ??= open(kind);
      return stream;
    },
    async checkInput(read) {
      if (request.isBodyChecked) return;
      const input = await read();
      keys = rejectComplexValue(input, keys);
    },
    caller: findCaller,
    claimLargeList: () => {
      const detail = 'A batch may read one list of more than 1 MiB. Ask for each on its own, or in pages.';
      if (hasLargeList) throw new ApiError('overloaded', { detail });
      hasLargeList = true;
    },
    onLargeList: request.onLargeList,
  };
}

function isOfOrigin(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.code === 'key_origin_not_allowed' || error.code === 'secret_key_in_browser';
}
