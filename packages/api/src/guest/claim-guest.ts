import { ApiError, claimedGuestSchema, claimGuestInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { userStatusErrorCode } from '../user-token.ts';

/** `guest.claim`: gives the chats of a guest to the verified user who calls. */
export const claimGuest = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/guest/claim',
      operationId: 'claimGuest',
      tags: ['Users'],
      summary: "Take over a guest's chats",
      description:
        'Gives the chats of a guest to the verified user who calls. The request needs the tokens of both. ' +
        'Afterwards the guest no longer exists, and their token is invalid. Repeating the request has no effect.',
    },
    errors: ['verified_user_needed', 'guest_claimed'],
  })
  .input(claimGuestInputSchema)
  .output(claimedGuestSchema)
  .mutation(async ({ ctx: { stores, scope, caller }, input: { guestToken } }) => {
    const guest = await stores.guests.find(scope, guestToken);
    // A guest can only be claimed with a key of the family that created it.
    if (!guest || guest.familyId !== caller.familyId) throw new ApiError('user_token_invalid');
    // A blocked guest must not get access by signing in, also not before every server knows of the block.
    const status = await stores.userStatuses.findNow(scope, guest.id);
    const code = userStatusErrorCode(status, guest.createdAt);
    if (code) throw new ApiError(code);
    const { user } = scope;
    if (user === undefined) throw new ApiError('verified_user_needed');
    if (!(await stores.guests.move(scope, guest.id, user))) throw new ApiError('guest_claimed');
    return { userId: user, guestId: guest.id };
  });
