import { ApiError, limits } from '@parley/contract';
import type { ApiKeyRecord } from '@parley/db';
import { authorize } from '../authorize.ts';
import {
  authenticate,
  type Caller,
  type CallerStores,
  type KeyHeaders,
  type OriginHeaders,
} from '../caller.ts';
import { isProcedure, policyOf } from '../policies.ts';
import { type CountedRequest, type Gate, rejectLimited } from './gate.ts';
import type { RateVerdict } from './rate-limiter.ts';

export interface IncomingRequest extends CountedRequest {
  readonly headers: KeyHeaders & OriginHeaders;
  readonly onSecretInPage: (key: ApiKeyRecord) => void;
  readonly onRate: (verdict: RateVerdict) => void;
  /** The caller may not call this procedure. */
  readonly onForbidden: (caller: Caller, procedure: string, apiError: ApiError) => void;
}

/**
 * Lets a request in, by its headers alone: identifies the caller, counts the request, and checks that the caller may
 * call what is asked for. Whatever is rejected here costs no other database read than those that identify the caller.
 *
 * @throws ApiError `malformed_request` for a batch of too many calls; `rate_limited`; whatever `authenticate` and
 *   `authorize` throw
 */
export async function authenticateRequest(
  stores: CallerStores,
  gate: Gate | undefined,
  request: IncomingRequest,
): Promise<Caller> {
  rejectLargeBatch(gate, request);
  const caller = await identify(stores, gate, request);
  const verdict = gate?.countCaller(caller, request);
  if (verdict) request.onRate(verdict);
  if (verdict && !verdict.isAllowed) rejectLimited(verdict);
  rejectForbidden(caller, request);
  return caller;
}

/** Before anybody is identified: the names in a path are the sender's to choose, and no key may be charged for them. */
function rejectLargeBatch(gate: Gate | undefined, { client, procedures }: IncomingRequest): void {
  if (procedures.length <= limits.batchCallsMax) return;
  gate?.countAddress('unidentified', client());
  const detail = `A batch may hold at most ${limits.batchCallsMax} calls. Send several batches.`;
  throw new ApiError('malformed_request', { detail });
}

async function identify(
  stores: CallerStores,
  gate: Gate | undefined,
  { headers, client, procedures, onSecretInPage }: IncomingRequest,
): Promise<Caller> {
  try {
    return await authenticate(stores, headers, { guard: gate?.guard(client), onSecretInPage });
  } catch (error) {
    // An unreachable database is not the caller's fault.
    const isTheirs = error instanceof ApiError && error.status < 500 && error.code !== 'rate_limited';
    if (gate && isTheirs) gate.countAddress('unidentified', client(), procedures);
    throw error;
  }
}

/** A request none of whose calls the caller may make is rejected before its body is read. */
function rejectForbidden(caller: Caller, { procedures, onForbidden }: IncomingRequest): void {
  const rejections = procedures.map((name) => rejectionOf(caller, name));
  const [first] = rejections;
  if (!first || !rejections.every((one) => one?.code === first.code)) return;
  for (const procedure of procedures) onForbidden(caller, procedure, first);
  throw first;
}

function rejectionOf(caller: Caller, procedure: string): ApiError | undefined {
  // The router says that there is no such procedure.
  if (!isProcedure(procedure)) return undefined;
  try {
    authorize(caller, policyOf(procedure));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
