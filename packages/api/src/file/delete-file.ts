import { ApiError, isId, oneFileInputSchema } from '@parley/contract';
import { z } from 'zod';
import { procedure } from '../procedures.ts';

/** `file.delete`: deletes a file. */
export const deleteFile = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/file/{fileId}',
      operationId: 'deleteFile',
      tags: ['Files'],
      summary: 'Delete a file',
      description: 'Deletes a file with its content.',
    },
    errors: ['file_not_found'],
    successStatus: 204,
  })
  .input(oneFileInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope }, input: { fileId } }) => {
    const isThere = isId('file', fileId) && (await stores.files.remove(scope, fileId));
    if (!isThere) throw new ApiError('file_not_found');
  });
