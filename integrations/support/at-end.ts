import { afterAll } from 'vitest';

const left: (() => Promise<unknown>)[] = [];

/** Done when the test file is over, the last one first; unlike `afterAll` it may be asked for within a test. */
export function atEnd(undo: () => Promise<unknown>): void {
  left.push(undo);
}

afterAll(async () => {
  for (const undo of left.toReversed()) await undo();
});
