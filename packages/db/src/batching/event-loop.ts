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
 * The bounds of every batch. The deadline is longer than a socket may be silent, so that the driver's own retry after a
 * broken connection has its chance, and shorter than a call may take, so that an item behind a batch that hangs is
 * still sent.
 */
export const batchBounds: BatchBounds = {
  countMax: 256,
  bytesMax: 4 * 1024 * 1024,
  deadlineMs: 6_500,
  closeMs: 500,
  waitMaxMs: CALL_MS,
};
