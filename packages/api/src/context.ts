import { ApiError } from '@parley/contract';
import type { ApiKeyRecord, Stores } from '@parley/db';
import type { Turns } from '@parley/turns';
import type { ProblemOfToolUrl } from './agent/tools-of.ts';
import type { Caller, CallerIdentity } from './caller.ts';
import { ChatOfRequest } from './chat/chat-of-request.ts';
import { auditEntryOf, noteEscalation } from './credentials/note-escalation.ts';
import { authenticateRequest, type IncomingRequest, identifyCaller } from './gate/authenticate-request.ts';
import type { ClientAddress } from './gate/client-address.ts';
import type { Gate } from './gate/gate.ts';
import { rejectComplexValue } from './gate/json-bounds.ts';
import type { RateVerdict } from './gate/rate-limiter.ts';
import type { GuestNetworks } from './guest/guest-networks.ts';
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

/** The services behind the procedures. The host of the router creates them once per process. */
export interface Services {
  readonly stores: Stores;
  readonly turns: Turns;
  /** All streams that are open in this process. */
  readonly streams: OpenStreams;
  /** The networks whose budgets the messages of guests spend. */
  readonly guestNetworks: GuestNetworks;
  /** Limits unfinished turns. Without it, only teams that have set a limit have one. */
  readonly turnLimits?: TurnLimits | undefined;
  /**
   * Rejects the URL of a tool when an agent is saved. Without it every URL is accepted; each call is checked
   * anyway.
   */
  readonly problemOfToolUrl?: ProblemOfToolUrl | undefined;
  /** The names of the providers that agents may name beside the default one. */
  readonly modelProviders?: ReadonlySet<string> | undefined;
  /** Recognizes the server's own pages. Default: pages that are opened on this machine. */
  readonly isOwnOrigin?: IsOwnOrigin | undefined;
  /** The public keys of token issuers. Without it, their tokens are rejected. */
  readonly keySets?: KeySets | undefined;
  /** The bytes that the files of one team can take. */
  readonly teamFilesBytesMax: number;
  /** Counts requests. Without it there are no rate limits. */
  readonly gate?: Gate | undefined;
  /** Limits the number of large lists in memory. */
  readonly largeLists: LargeLists;
}

/** tRPC's context. It has one field, because tRPC copies every field for each middleware of a procedure. */
export interface Context {
  readonly request: RequestContext;
}

/** A request, and the services, as the procedures that it calls see them. */
export interface RequestContext {
  readonly services: Services;
  /** The id of the request in answers and logs. */
  readonly requestId: string;
  /** The value of the header `Idempotency-Key`, not validated. */
  readonly idempotencyKey: string | undefined;
  /** The chat that a procedure of this request has read, for the stream that answers the request. */
  readonly chatOfRequest: ChatOfRequest;
  /** Adds the header that says that the answer repeats an earlier outcome. */
  markReplayed(): void;
  /** Returns a signal that aborts when the client disconnects. It ends the wait for an answer, never the turn. */
  disconnect(): AbortSignal;
  /**
   * Returns the client's address as limits count it: an IPv4 address or an IPv6 /64; undefined if the host does
   * not know it.
   */
  readonly address: () => string | undefined;
  /** Returns the client's address, and whether it is a proxy that many clients share. */
  readonly client: () => ClientAddress | undefined;
  /**
   * Adds this request to the open streams. Repeated calls return the same stream. The stream is removed when it
   * ends or the client disconnects.
   *
   * @throws ApiError `too_many_streams`, and the errors of `caller`
   */
  openStream(kind: StreamKind): Promise<OpenStream>;
  /**
   * Registers a request that waits for an answer, so that its credentials are checked like those of a stream. It takes
   * no place of the streams, and ends when the client disconnects. Close it when the wait is over.
   *
   * @throws ApiError as `caller` does
   */
  openWait(): Promise<OpenStream>;
  /**
   * Rejects input that is too complex, unless the host has already checked the body of the request.
   *
   * @throws ApiError `payload_too_complex`
   */
  checkInput(read: () => Promise<unknown>): Promise<void>;
  /** Returns the caller. The request is authenticated and counted once, however many procedures a batch calls. */
  caller(): Promise<Caller>;
  /**
   * Authenticates the request again, without counting it again. Call it when its body has arrived late: the credentials
   * may have been withdrawn meanwhile.
   *
   * @throws ApiError as `caller` does, which throws the same from then on
   */
  authenticateAgain(): Promise<void>;
  /**
   * Call it before a large list is read: one batch must not have several large lists in memory.
   *
   * @throws ApiError `overloaded` if this request has already read one
   */
  claimLargeList(): void;
  /** Receives the JSON of a large list's items, so that the host can send the answer in pieces. */
  readonly onLargeList?: OnLargeList | undefined;
}

/** Receives a list of an answer, and the JSON of each of its items. */
export type OnLargeList = (list: readonly unknown[], texts: readonly string[]) => void;

/** A request as the host describes it, with functions that change its response. */
export interface HostedRequest {
  readonly headers: RequestHeaders;
  readonly requestId: string;
  /** Whether the host has already rejected JSON that is too complex (`rejectComplexJson`). */
  readonly isBodyChecked: boolean;
  /** The client's address; undefined if the host does not know it. */
  readonly client: () => ClientAddress | undefined;
  /** The names of the procedures that it calls. */
  readonly procedures: readonly string[];
  readonly disconnect: () => AbortSignal;
  readonly onReplay: () => void;
  readonly onRate: (rate: RateVerdict) => void;
  /** Is called with the caller's identity for the host's log, also when the request is rejected afterwards. */
  readonly onIdentified?: (identity: CallerIdentity) => void;
  /** Is called when the page that sent the request may not read the answer. */
  readonly onForeignOrigin: () => void;
  /** Set by hosts that can send a large list in pieces. */
  readonly onLargeList?: OnLargeList;
}

/** Creates the context of one request. `nodeRequest` describes a request of `node:http`. */
export function createContext(services: Services, request: HostedRequest): Context {
  let caller: Promise<Caller> | undefined;
  let stream: Promise<OpenStream> | undefined;
  let hasLargeList = false;
  let keys = 0;
  const { streams } = services;
  const { client, procedures, headers, onRate } = request;
  /** The request does not wait for the entry: it is rejected in any case. */
  const auditSecretInPage = ({ team, id }: ApiKeyRecord) => {
    const entry = auditEntryOf({ key: id }, request.requestId, client()?.text);
    services.stores.audit
      .note({ team }, { ...entry, action: 'secret_key_in_browser' })
      .catch(() => undefined);
  };
  const open = async (kind: StreamKind, isWait = false): Promise<OpenStream> => {
    const found = await findCaller();
    const opened = streams.open({ caller: found, kind, client: client(), origin: headers, isWait });
    const disconnect = request.disconnect();
    if (disconnect.aborted) opened.close();
    // The listener is not removed: the signal is of this request alone, and a second `close` does nothing.
    else disconnect.addEventListener('abort', () => opened.close());
    return opened;
  };
  /** The request does not wait for this entry either. */
  const onForbidden = (found: Caller, procedure: string, error: ApiError) => {
    const entry = auditEntryOf(found, request.requestId, client()?.text);
    void noteEscalation(services.stores.audit, found, entry, { procedure, error });
  };
  const authenticateBy = (by: typeof authenticateRequest): Promise<Caller> => {
    const { onIdentified } = request;
    const incoming: IncomingRequest = {
      ...{ client, procedures, headers, onRate, onIdentified, onForbidden },
      onSecretInPage: auditSecretInPage,
    };
    const identifying = { ...services.stores, keySets: services.keySets };
    return by(identifying, services.gate, incoming).catch((error: unknown) => {
      if (isOfOrigin(error)) request.onForeignOrigin();
      throw error;
    });
  };
  const findCaller = () => {
    caller ??= authenticateBy(authenticateRequest);
    return caller;
  };
  const context: RequestContext = {
    services,
    requestId: request.requestId,
    idempotencyKey: request.headers.idempotencyKey,
    chatOfRequest: new ChatOfRequest(),
    markReplayed: request.onReplay,
    disconnect: request.disconnect,
    address: () => client()?.text,
    client,
    openStream: (kind) => {
      stream ??= open(kind);
      return stream;
    },
    openWait: () => open('answer', true),
    async checkInput(read) {
      if (request.isBodyChecked) return;
      const input = await read();
      keys = rejectComplexValue(input, keys);
    },
    caller: findCaller,
    async authenticateAgain() {
      caller = authenticateBy(identifyCaller);
      await caller;
    },
    claimLargeList: () => {
      const detail = 'A batch may read one list of more than 1 MiB. Ask for each on its own, or in pages.';
      if (hasLargeList) throw new ApiError('overloaded', { detail });
      hasLargeList = true;
    },
    onLargeList: request.onLargeList,
  };
  return { request: context };
}

function isOfOrigin(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.code === 'key_origin_not_allowed' || error.code === 'secret_key_in_browser';
}
