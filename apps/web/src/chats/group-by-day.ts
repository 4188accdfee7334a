import { formatTime } from '../texts/format.ts';
import type { Texts } from '../texts/texts.ts';

/** The items of one period, with its name. */
export interface DayGroup<Item> {
  readonly name: string;
  readonly items: readonly Item[];
}

/**
 * Groups items, sorted by their last use, into Today, Yesterday, Previous 7 days, Previous 30 days, and
 * then months of the browser's calendar. Keeps the order.
 */
export function groupByDay<Item extends { readonly updatedAt: string }>(
  items: readonly Item[],
  now: Date,
  texts: Texts,
): readonly DayGroup<Item>[] {
  const groups: { name: string; items: Item[] }[] = [];
  for (const item of items) {
    const name = nameOfDay(new Date(item.updatedAt), now, texts);
    const last = groups.at(-1);
    if (last?.name === name) last.items.push(item);
    else groups.push({ name, items: [item] });
  }
  return groups;
}

function nameOfDay(date: Date, now: Date, { text, locales }: Texts): string {
  const days = daysBetween(date, now);
  // If the server's clock is ahead, a new chat may be dated tomorrow.
  if (days <= 0) return text('chats.today');
  if (days === 1) return text('chats.yesterday');
  if (days <= 7) return text('chats.last-7-days');
  if (days <= 30) return text('chats.last-30-days');
  const isThisYear = date.getFullYear() === now.getFullYear();
  return formatTime(date, isThisYear ? { month: 'long' } : { month: 'long', year: 'numeric' }, locales);
}

/** Counts calendar days, because a day on which the clocks change does not have 24 hours. */
function daysBetween(earlier: Date, later: Date): number {
  const dayOf = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (dayOf(later) - dayOf(earlier)) / 86_400_000;
}
