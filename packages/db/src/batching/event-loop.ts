import { CALL_MS } from '../connection/guarded.ts';
import type { BatchBounds, BatchClock } from './batcher.ts';

/** The process's own time. */
export const eventLoop: BatchClock = {
  now: () => performance.now(),
  defer: (action) => void setImmediate(action),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * The limits of every batch. The deadline is longer than a socket may be silent, so that the driver can retry after a
 * broken connection. It is shorter than a store call may take, so that an item behind a hanging batch is still sent.
 */
export const batchBounds: BatchBounds = {
  countMax: 256,
  bytesMax: 4 * 1024 * 1024,
  deadlineMs: 6_500,
  closeMs: 500,
  waitMaxMs: CALL_MS,
};
