import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { describeError } from './describe-error.ts';

/** The log of the server: JSON lines on standard output. */
export type Log = Logger;

/**
 * Structured logs: a line of JSON per event, on standard output unless told otherwise. Events carry ids, codes
 * and counts; nothing that opens a door is ever passed in, and errors pass through `describeError`, which
 * withholds texts that may quote a message.
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
  };
  return pino(options, destination);
}
