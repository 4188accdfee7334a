import { inject, type TestAPI, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** `short`: the cases that every change runs. `long`: the other cases. */
    testForm: 'short' | 'long';
  }
}

/**
 * The cases that the present run tries: in the short form (`npm test`) every `every`th, from the first on, and in the
 * long form (`npm run test:slow`) all others. For tests that are generated over a large table.
 */
export function casesOfForm<Case>(cases: readonly Case[], every: number): readonly Case[] {
  const isLong = isLongForm();
  return cases.filter((_, index) => (index % every === 0) !== isLong);
}

/** Whether this run is the long form. */
export function isLongForm(): boolean {
  return inject('testForm') === 'long';
}

/**
 * Declares a test that only the long form runs, like `test`. For tests that take long, where others of their file keep
 * the promise in the short form.
 */
export const longTest: TestAPI = isLongForm() ? test : declaresNothing();

function declaresNothing(): TestAPI {
  const nothing = () => () => {};
  return Object.assign(() => {}, { each: nothing, for: nothing }) as unknown as TestAPI;
}
