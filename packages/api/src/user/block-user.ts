import { oneUserInputSchema, userBlockSchema } from '@parley/contract';
import { assertTeamWide } from '../authorize.ts';
import { procedure } from '../procedures.ts';

/** `user.block`: rejects all requests of a user, cancels their answers and ends their streams. */
export const blockUser = procedure
  .meta({
    openapi: {
      method: 'PUT',
      path: '/user/{userId}/block',
      operationId: 'blockUser',
      tags: ['Users'],
      summary: 'Block a user',
      description:
        'Shuts one of your users, or a guest, out: within five seconds every server answers their requests with 403 ' +
        '`user_blocked` and ends their open streams with that code. What is being answered for them stops, and what ' +
        'waits is cancelled. Their chats stay. Calling again is harmless.',
    },
    errors: ['secret_key_needed', 'whole_team_key_needed'],
    hasOptionalBody: true,
  })
  .input(oneUserInputSchema)
  .output(userBlockSchema)
  .mutation(async ({ ctx: { stores, turns, scope }, input: { userId } }) => {
    assertTeamWide(scope);
    const blockedAt = await stores.userStatuses.block(scope, userId);
    await turns.stopUser(scope, userId);
    return { userId, blockedAt: blockedAt.toISOString() };
  });
