import { inject } from 'vitest';

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
