import { createGuestInputSchema, newGuestSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';

/** `guest.create`: creates a guest of the caller's key, and returns the token once. */
export const createGuest = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/guest',
      operationId: 'createGuest',
      tags: ['Users'],
      summary: 'Become a guest',
      description:
        'Creates a user id for a visitor of your page, and the token that proves it. It needs a publishable key ' +
        'whose `access` is `guest`. With the token as `x-user-token`, the visitor reaches their own chats, and ' +
        'nobody else does.',
    },
    errors: ['guest_key_needed'],
    hasOptionalBody: true,
  })
  .input(createGuestInputSchema)
  .output(newGuestSchema)
  .mutation(async ({ ctx: { issuerOf, scope, request, services } }) => {
    const network = await services.guestNetworks.seal(scope.team, request.client());
    const { id, token } = await issuerOf('guest token').create(network);
    return { userId: id, token };
  });
