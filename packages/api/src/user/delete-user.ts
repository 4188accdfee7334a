import { type Deletion, deletionSchema, limits, oneUserInputSchema } from '@parley/contract';
import type { DeletionRecord } from '@parley/db';
import { assertTeamWide } from '../authorize.ts';
import { erase } from '../deletion/erase.ts';
import { procedure } from '../procedures.ts';

/** `user.delete`: deletes a user's data. It waits for a short time; a background job finishes what is left. */
export const deleteUser = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/user/{userId}',
      operationId: 'deleteUser',
      tags: ['Users'],
      summary: 'Delete a user',
      description:
        'Deletes all that there is of one of your users, or of a guest: chats with messages, titles and metadata, what ' +
        'requests are known by, tokens as a guest; also of the guests whose chats they took over. What is being ' +
        'answered stops. It may be asked for again at any time. What is made for this user afterwards is new.',
    },
    errors: ['secret_key_needed', 'whole_team_key_needed'],
  })
  .input(oneUserInputSchema)
  .output(deletionSchema)
  .mutation(async ({ ctx: { stores, turns, scope }, input: { userId } }) => {
    assertTeamWide(scope);
    const deletion = await stores.deletions.begin(scope, userId);
    const eraser = { deletions: stores.deletions, dropChat: turns.dropChat };
    const signal = AbortSignal.timeout(limits.deletionWaitMs);
    return toDeletion((await erase(eraser, deletion, { signal })) ?? deletion);
  });

function toDeletion({ id, createdAt, finishedAt }: DeletionRecord): Deletion {
  return {
    id,
    status: finishedAt ? 'done' : 'running',
    createdAt: createdAt.toISOString(),
    ...(finishedAt && { finishedAt: finishedAt.toISOString() }),
  };
}
