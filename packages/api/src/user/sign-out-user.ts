import { oneUserInputSchema, userSignOutSchema } from '@parley/contract';
import { assertTeamWide } from '../authorize.ts';
import { procedure } from '../procedures.ts';

/** `user.signOut`: rejects the tokens that the user has now. */
export const signOutUser = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/user/{userId}/sign-out',
      operationId: 'signOutUser',
      tags: ['Users'],
      summary: 'Sign a user out',
      description:
        'Rejects every token of the user that was issued before now with 401 `user_signed_out`, on every server ' +
        "within five seconds, and ends the streams that were opened with one. From now on, the user's tokens must " +
        'contain `iat`. The token of a guest and the cookie of the chat page are revoked too.',
    },
    errors: ['secret_key_needed', 'whole_team_key_needed'],
    hasOptionalBody: true,
  })
  .input(oneUserInputSchema)
  .output(userSignOutSchema)
  .mutation(async ({ ctx: { stores, scope }, input: { userId } }) => {
    assertTeamWide(scope);
    const signedOutAt = await stores.userStatuses.signOut(scope, userId);
    return { userId, signedOutAt: signedOutAt.toISOString() };
  });
