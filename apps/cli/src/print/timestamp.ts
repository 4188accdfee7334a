/** Formats a timestamp such as `2026-11-25T04:12:00.000Z` as `2026-11-25 04:12`, in UTC. */
export function timestamp(text: string | undefined): string | undefined {
  return text?.slice(0, 16).replace('T', ' ');
}
