import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop was, in milliseconds. A loop that is never late shows the monitor's resolution. */
export interface LoopDelay {
  readonly loopP50Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

const NANOSECONDS = 1e6;
const monitor = monitorEventLoopDelay({ resolution: 10 });

/** Answers questions about a measured process's event loop. It only measures between two questions. */
export const loopAnswers = {
  'watch-loop': () => {
    monitor.reset();
    monitor.enable();
  },

  'loop-delay': (): LoopDelay => {
    monitor.disable();
    return {
      loopP50Ms: monitor.percentile(50) / NANOSECONDS,
      loopP99Ms: monitor.percentile(99) / NANOSECONDS,
      loopMaxMs: monitor.max / NANOSECONDS,
    };
  },
};
