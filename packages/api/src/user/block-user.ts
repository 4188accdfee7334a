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
        'Blocks one of your users or guests. Within five seconds, every server answers their requests with 403 ' +
        '`user_blocked`, and ends their open streams with that code. Their running answers stop, and waiting ones ' +
        'are cancelled. Their chats are kept. Repeating the request has no effect.',
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
