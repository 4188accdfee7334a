import type { RefusalEnvelope } from '@parley/contract';
import type { ClientResult } from '../judge/history.ts';

export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly messageId?: string;
  /** Trying again helps. */
  readonly isPassing: boolean;
}

/** What says: try again. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'answer_pending',
  'answer_restarted',
  'database_unavailable',
  'draining',
  'queue_full',
]);

export function isPassing(code: string): boolean {
  return PASSING_CODES.has(code);
}

export async function readRefusal(response: Response): Promise<Refused> {
  const { code, messageId } = (await response.json()) as RefusalEnvelope;
  return {
    status: response.status,
    code,
    ...(messageId !== undefined && { messageId }),
    isPassing: isPassing(code),
  };
}

/** What a refusal says of the message: that it is not there, that it may be, or how it ended. */
export function resultOfRefusal({ code, messageId, isPassing }: Refused): ClientResult {
  if (messageId === undefined) return { kind: 'refused', code };
  if (code === 'database_unavailable') return { kind: 'refused', code, answerId: messageId };
  // A refusal does not tell the first request of a key from its repeats.
  const accepted = { kind: 'accepted', answerId: messageId, isReplay: true } as const;
  return isPassing ? accepted : { ...accepted, end: { status: 'failed', errorCode: code } };
}
