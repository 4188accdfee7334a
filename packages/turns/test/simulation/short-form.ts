/** The schedules that run with the tests: enough for each mutant to be found among them. */
export const SHORT_FORM = { from: 1, schedules: 8_000 } as const;
