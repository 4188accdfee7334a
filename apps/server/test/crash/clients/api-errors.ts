import type { ErrorEnvelope } from '@parley/contract';
import type { ClientResult } from '../judge/history.ts';

export interface Rejected {
  readonly status: number;
  readonly code: string;
  readonly messageId?: string;
  /** Another attempt can succeed. */
  readonly isTransient: boolean;
}

/** The errors after which a client may repeat the request. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'answer_pending',
  'answer_restarted',
  'database_unavailable',
  'draining',
  'overloaded',
  'queue_full',
]);

/** The errors of a caller who has lost access. An answer that is being streamed continues without them. */
const LOST_ACCESS_CODES: ReadonlySet<string> = new Set([
  'unauthorized',
  'user_blocked',
  'user_signed_out',
  'user_token_invalid',
]);

export function isAccessLost(code: string): boolean {
  return LOST_ACCESS_CODES.has(code);
}

export function isTransient(code: string): boolean {
  return PASSING_CODES.has(code);
}

export async function readApiError(response: Response): Promise<Rejected> {
  const { code, messageId } = (await response.json()) as ErrorEnvelope;
  return {
    status: response.status,
    code,
    ...(messageId !== undefined && { messageId }),
    isTransient: isTransient(code),
  };
}

/** Returns what an error says about the message: that it is not stored, that it may be, or how its turn ended. */
export function resultOfApiError({ code, messageId, isTransient }: Rejected): ClientResult {
  if (messageId === undefined) return { kind: 'refused', code };
  if (code === 'database_unavailable') return { kind: 'refused', code, answerId: messageId };
  // A rejection is the same for the first request of a key and its repeats.
  const accepted = { kind: 'accepted', answerId: messageId, isReplay: true } as const;
  return isTransient || isAccessLost(code)
    ? accepted
    : { ...accepted, end: { status: 'failed', errorCode: code } };
}
