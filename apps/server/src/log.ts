import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { describeError } from './describe-error.ts';

/** The log of the server: JSON lines on standard output. */
export type Log = Logger;

/**
 * Creates the log: one line of JSON per event, on standard output by default. Events contain ids, codes and counts,
 * and no credentials. Errors pass through `describeError`, which removes text that may quote a message.
 */
export function createLog(level: string, destination: DestinationStream = standardOutput()): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
  };
  return pino(options, destination);
}

/**
 * Writes the lines of one iteration of the event loop together, because each write is a system call that the requests
 * wait for. The last lines are written when the process exits.
 */
function standardOutput(): DestinationStream & { flushSync(): void } {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  const flush = () => {
    if (lines === '') return;
    const written = lines;
    lines = '';
    output.write(written);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
    flushSync: flush,
  };
}
