import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** `short`: what every change runs. `long`: every case there is. */
    testForm: 'short' | 'long';
  }
}

/**
 * The cases that the present run tries: all of them in the long form (`npm run test:slow`), and in the short form
 * (`npm test`) every `every`th, from the first on. For tests that are generated over a large table.
 */
export function casesOfForm<Case>(cases: readonly Case[], every: number): readonly Case[] {
  return isLongForm() ? cases : cases.filter((_, index) => index % every === 0);
}

/** Whether this run is the long form. */
export function isLongForm(): boolean {
  return inject('testForm') === 'long';
}
