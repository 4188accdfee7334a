/** The seconds until the end of a time's day, at least one. */
export function secondsLeftOfDay(at: Date): number {
  const midnight = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1);
  return Math.max(Math.ceil((midnight - at.getTime()) / 1_000), 1);
}
