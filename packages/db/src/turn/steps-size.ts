import type { ToolStep } from '@parley/contract';

/** How far tool steps have got: the number of steps, calls and results. It only grows during a turn, over all its runs. */
export function sizeOfSteps(steps: readonly ToolStep[]): number {
  return steps.reduce(
    (size, { calls }) => size + 1 + calls.length + calls.filter(({ result }) => result !== undefined).length,
    0,
  );
}
