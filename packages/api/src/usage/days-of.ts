import { ApiError, limits, utcDay } from '@parley/contract';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** The default period: 30 days, today included. */
const DAYS_BEFORE = 29;

/**
 * Returns the first and the last day of a usage request.
 *
 * @throws ApiError `invalid_input` if they are in the wrong order, or too far apart
 */
export function daysOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  const last = to ?? utcDay(new Date());
  const first = from ?? utcDay(new Date(Date.parse(last) - DAYS_BEFORE * DAY_MS));
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  if (days < 1) throw invalid('from', 'must not be after `to`');
  if (days > limits.usageDaysMax)
    throw invalid('from', `must be at most ${limits.usageDaysMax - 1} days before \`to\``);
  return { from: first, to: last };
}

function invalid(path: string, message: string): ApiError {
  return new ApiError('invalid_input', { issues: [{ path, message }] });
}
