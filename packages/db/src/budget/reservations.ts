import type { Models } from '../models.ts';
import type { Reservation } from './budget-port.ts';

/** The document of a subject's day. */
export function budgetId({ subject, day }: Pick<Reservation, 'subject' | 'day'>): string {
  return `${subject}/${day}`;
}

/** Gives back the reservations of a turn that was not accepted or was deleted. */
export async function giveBack(
  budgets: Models['budgets'],
  reservations: readonly Reservation[],
): Promise<void> {
  if (reservations.length === 0) return;
  await budgets.bulkWrite(settlements(reservations, 0), { ordered: false });
}

/** The updates that replace the reserved tokens by the used ones. */
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
