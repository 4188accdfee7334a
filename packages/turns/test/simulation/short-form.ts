/**
 * The schedules that run with the tests: enough for each mutant to be found among them. `seeds` are later ones, each of
 * which finds a mutant that the first schedules leave out.
 */
export const SHORT_FORM = {
  from: 1,
  schedules: 8_000,
  seeds: [11_295, 19_701, 21_043, 25_550, 275_818, 278_064],
} as const;
