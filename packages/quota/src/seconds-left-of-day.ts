/** Seconds until the day of a moment is over, at least one. */
export function secondsLeftOfDay(at: Date): number {
  const midnight = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1);
  return Math.max(Math.ceil((midnight - at.getTime()) / 1_000), 1);
}
