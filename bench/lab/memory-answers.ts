import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Answers questions about a measured process's memory. */
export const memoryAnswers = {
  /** The used bytes of V8's heap and of buffers after a full garbage collection. */
  'live-memory': () => {
    collectGarbage();
    const { heapUsed, external } = memoryUsage();
    return heapUsed + external;
  },
};

/** The collector's flag is set here and not at the start: the server is started as `npm start` starts it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  // A second pass frees the objects that a first pass finalizes.
  collect();
  collect();
}
