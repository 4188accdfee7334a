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
        'Deletes all data of one of your users or guests: chats with messages, titles and metadata, idempotency ' +
        'keys, guest tokens, and the guests whose chats they took over. Running answers stop. You can repeat the ' +
        'request at any time. Data that is created for this user afterwards is new.',
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
