#!/usr/bin/env node
import { CommanderError } from 'commander';
import { readEnv } from './env.ts';
import { exitCodes } from './exit-codes.ts';
import { printError } from './print/error.ts';
import { buildProgram } from './program.ts';
import { openTerminal } from './terminal.ts';

const env = readEnv();
const terminal = openTerminal(env);
try {
  await buildProgram({ env, terminal }).parseAsync();
} catch (error) {
  // Commander has already printed errors of the command line. Asking for help is not an error.
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else process.exitCode = printError(terminal, error);
}
