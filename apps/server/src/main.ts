import { readEnv } from './env.ts';
import { createLog } from './log.ts';
import { startParley } from './start-parley.ts';
import { untilStopped } from './until-stopped.ts';

/** Prints lines for the person who starts the server. The log goes to standard output. */
const say = (line: string) => process.stderr.write(`${line}\n`);

try {
  const env = readEnv();
  await untilStopped((signal) => startParley(env, createLog(env.LOG_LEVEL), say, signal), say);
} catch (error) {
  say(`\nParley cannot start. ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
