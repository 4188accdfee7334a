import type { Models } from '../models.ts';
import type { Reservation } from './budget-port.ts';

/** The document of a subject's day. */
export function budgetId({ subject, day }: Pick<Reservation, 'subject' | 'day'>): string {
  return `${subject}/${day}`;
}

/** Puts back what was reserved for a turn that comes to nothing. */
export async function giveBack(
  budgets: Models['budgets'],
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  await budgets.bulkWrite(settlements(reservations, 0), { ordered: false });
}

/** The updates that put what was used in the place of what was reserved. */
export function settlements(reservations: readonly Reservation[], used: number) {
  return reservations
    .filter(({ tokens }) => tokens !== used)
    .map((reservation) => ({
      updateOne: {
        filter: { _id: budgetId(reservation) },
        update: { $inc: { spent: used - reservation.tokens } },
      },
    }));
}
