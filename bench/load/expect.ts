import { isDeepStrictEqual } from 'node:util';

/** @throws Error when they differ, which shows both */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`Wrong answer: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

/** @throws Error when one of the expected fields is not as expected */
export function expectFields(answer: unknown, expected: Readonly<Record<string, unknown>>): void {
  const fields = answer as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(expected)) {
    // Comparing texts is cheap; objects are rare.
    if (fields[name] !== value) expectEqual(fields[name], value);
  }
}
