import { ApiError, limits } from '@parley/contract';
import type { ApiKeyRecord } from '@parley/db';
import { authorize } from '../authorize.ts';
import {
  authenticate,
  type Caller,
  type CallerIdentity,
  type CallerStores,
  type KeyHeaders,
  type OriginHeaders,
} from '../caller.ts';
import { isProcedure, policyOf } from '../policies.ts';
import { type CountedRequest, type Gate, rejectLimited } from './gate.ts';
import type { RateVerdict } from './rate-limiter.ts';

/** A request before authentication, with the functions that are called with its results. */
export interface IncomingRequest extends CountedRequest {
  readonly headers: KeyHeaders & OriginHeaders;
  readonly onSecretInPage: (key: ApiKeyRecord) => void;
  /** Is called with the caller's identity before anything rejects the request for it. */
  readonly onIdentified: ((identity: CallerIdentity) => void) | undefined;
  readonly onRate: (verdict: RateVerdict) => void;
  /** Is called when the caller may not call this procedure. */
  readonly onForbidden: (caller: Caller, procedure: string, apiError: ApiError) => void;
}

/**
 * Authenticates, counts and authorizes a request by its headers alone. A request that is rejected here costs only
 * the database reads of the authentication.
 *
 * @throws ApiError `malformed_request` for a batch with too many calls; `rate_limited`; the errors of `authenticate` and
 *   `authorize`
 */
export async function authenticateRequest(
  stores: CallerStores,
  gate: Gate | undefined,
  request: IncomingRequest,
): Promise<Caller> {
  rejectLargeBatch(gate, request);
  const caller = await identifyCaller(stores, gate, request);
  const verdict = gate?.countCaller(caller, request);
  if (verdict) request.onRate(verdict);
  if (verdict && !verdict.isAllowed) rejectLimited(verdict);
  rejectForbidden(caller, request);
  return caller;
}

/**
 * This check comes before the authentication: the sender chooses the names in a path, so they must not count for a
 * key.
 */
function rejectLargeBatch(gate: Gate | undefined, { client, procedures }: IncomingRequest): void {
  if (procedures.length <= limits.batchCallsMax) return;
  gate?.countAddress('unidentified', client());
  const detail = `A batch may hold at most ${limits.batchCallsMax} calls. Send several batches.`;
  throw new ApiError('malformed_request', { detail });
}

/**
 * Authenticates a request by its headers. A request that is rejected here counts for its address.
 *
 * @throws ApiError `rate_limited`, and the errors of `authenticate`
 */
export async function identifyCaller(
  stores: CallerStores,
  gate: Gate | undefined,
  { headers, client, procedures, onSecretInPage, onIdentified }: IncomingRequest,
): Promise<Caller> {
  try {
    return await authenticate(stores, headers, { guard: gate?.guard(client), onSecretInPage, onIdentified });
  } catch (error) {
    // Errors of the server do not count against the client's address.
    const isTheirs = error instanceof ApiError && error.status < 500 && error.code !== 'rate_limited';
    if (gate && isTheirs) gate.countAddress('unidentified', client(), procedures);
    throw error;
  }
}

/** Rejects a request before its body is read if the caller may call none of its procedures. */
function rejectForbidden(caller: Caller, { procedures, onForbidden }: IncomingRequest): void {
  const rejections = procedures.map((name) => rejectionOf(caller, name));
  const [first] = rejections;
  if (!first || !rejections.every((one) => one?.code === first.code)) return;
  for (const procedure of procedures) onForbidden(caller, procedure, first);
  throw first;
}

function rejectionOf(caller: Caller, procedure: string): ApiError | undefined {
  // The router answers unknown procedures.
  if (!isProcedure(procedure)) return undefined;
  try {
    authorize(caller, policyOf(procedure));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
