/**
 * The schedules that run with the tests: enough to find each mutant. `seeds` are further ones, each of which finds a
 * mutant that the first schedules miss.
 */
export const SHORT_FORM = {
  from: 1,
  schedules: 8_000,
  seeds: [11_295, 19_701, 21_043, 22_498, 25_550, 33_611, 278_064, 300_707, 301_531, 388_661],
} as const;
