import { t } from '../trpc.ts';
import { claimGuest } from './claim-guest.ts';
import { createGuest } from './create-guest.ts';

/** The procedures of guests. */
export const guestRouter = t.router({ create: createGuest, claim: claimGuest });
