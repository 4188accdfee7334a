import { batchCases } from './batch-cases.ts';
import { chatCases } from './chat-cases.ts';
import { runCases } from './run-cases.ts';
import { turnCases } from './turn-cases.ts';
import { usageCases } from './usage-cases.ts';

/**
 * The guarantees of the stores of turns, as cases for every implementation: the real one, and the one of a
 * simulation. They throw if a guarantee is broken, and need no test runner.
 */
export const storeSuite = [...turnCases, ...batchCases, ...runCases, ...chatCases, ...usageCases];
