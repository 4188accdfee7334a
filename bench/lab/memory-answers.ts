import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a measured process can be asked about its memory. */
export const memoryAnswers = {
  /** What is in use on V8's heap and beside it (buffers) when all garbage is collected, in bytes. */
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
  // What a first pass finalises, a second one frees.
  collect();
  collect();
}
