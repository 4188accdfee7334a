/** Chats of one stretch of time, under the words that name it. */
export interface DayGroup<Item> {
  readonly name: string;
  readonly items: readonly Item[];
}

/**
 * Groups what comes newest first under Today, Yesterday, Previous 7 days, Previous 30 days, then by month, as
 * the calendar of this browser has it. The order is kept; a group is never told twice in a row.
 */
export function groupByDay<Item extends { readonly createdAt: string }>(
  items: readonly Item[],
  now: Date,
  locale?: string,
): readonly DayGroup<Item>[] {
  const groups: { name: string; items: Item[] }[] = [];
  for (const item of items) {
    const name = nameOfDay(new Date(item.createdAt), now, locale);
    const last = groups.at(-1);
    if (last?.name === name) last.items.push(item);
    else groups.push({ name, items: [item] });
  }
  return groups;
}

function nameOfDay(moment: Date, now: Date, locale?: string): string {
  const days = daysBetween(moment, now);
  // A clock that is a little ahead elsewhere puts a chat into tomorrow: it is still the newest.
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days <= 7) return 'Previous 7 days';
  if (days <= 30) return 'Previous 30 days';
  const isThisYear = moment.getFullYear() === now.getFullYear();
  return moment.toLocaleDateString(
    locale,
    isThisYear ? { month: 'long' } : { month: 'long', year: 'numeric' },
  );
}

/** Calendar days, not stretches of 24 hours: a day at which clocks change is one day. */
function daysBetween(earlier: Date, later: Date): number {
  const dayOf = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (dayOf(later) - dayOf(earlier)) / 86_400_000;
}
