import type { Models } from './models.ts';
import type { Reservation } from './records.ts';

/** The document of a subject's day. */
export function budgetId({ subject, day }: Pick<Reservation, 'subject' | 'day'>): string {
  return `${subject}/${day}`;
}

/** What becomes of reservations in the end. */
export function createReservations(budgets: Models['budgets']) {
  return {
    async giveBack(reservations: readonly Reservation[]): Promise<void> {
      if (reservations.length === 0) return;
      await budgets.bulkWrite(settlements(reservations, 0), { ordered: false });
    },
  };
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
