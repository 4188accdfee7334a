import { oneUserInputSchema } from '@parley/contract';
import { z } from 'zod';
import { assertTeamWide } from '../authorize.ts';
import { procedure } from '../procedures.ts';

/** `user.unblock`: removes the block of a user. */
export const unblockUser = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/user/{userId}/block',
      operationId: 'unblockUser',
      tags: ['Users'],
      summary: 'Unblock a user',
      description:
        'Removes the block of a user, on every server within five seconds. Repeating the request has no effect.',
    },
    errors: ['secret_key_needed', 'whole_team_key_needed'],
    successStatus: 204,
  })
  .input(oneUserInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope }, input: { userId } }) => {
    assertTeamWide(scope);
    await stores.userStatuses.unblock(scope, userId);
  });
