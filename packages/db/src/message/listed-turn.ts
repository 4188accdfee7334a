import type { TurnDocument } from '../turn/turn-model.ts';

/** The fields of a turn that a list of messages needs. */
export const listedFields = {
  sequence: 1,
  status: 1,
  isCancelled: 1,
  errorCode: 1,
  exactErrorCode: 1,
  retryAt: 1,
  messages: 1,
  answerId: 1,
  retryOf: 1,
  removedAt: 1,
} as const satisfies Partial<Record<keyof TurnDocument, 1>>;

/** A turn as a list of messages reads it. */
export type ListedTurn = Pick<TurnDocument, keyof typeof listedFields>;
