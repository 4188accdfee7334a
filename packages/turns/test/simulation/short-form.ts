/** A selection of schedules: `schedules` consecutive ones from the seed `from` on, and those of further `seeds`. */
export interface Schedules {
  readonly from: number;
  readonly schedules: number;
  readonly seeds: readonly number[];
}

/**
 * The schedules of every change: enough to find each mutant. Each of the further `seeds` finds a mutant that the
 * first schedules miss. A change of the engine changes schedules: when a mutant is not found any more, its test
 * searches for a seed to add.
 */
export const SHORT_FORM: Schedules = {
  from: 1,
  schedules: 1_000,
  seeds: [
    1_056, 1_124, 1_154, 1_326, 1_343, 1_402, 1_480, 1_922, 2_257, 2_473, 2_745, 3_037, 3_223, 3_546, 3_746,
    4_133, 4_434, 4_933, 5_494, 5_571, 5_865, 7_199, 11_295, 11_863, 11_920, 19_301, 19_701, 21_043, 22_498,
    25_550, 33_611, 278_064, 300_707, 301_531, 388_661, 401_390,
  ],
};

/** The schedules of the slow tests. */
export const LONG_FORM: Schedules = {
  from: SHORT_FORM.from + SHORT_FORM.schedules,
  schedules: 7_000,
  seeds: [],
};
