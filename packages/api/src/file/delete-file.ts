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
      description: 'Deletes a file with its content. A file that was sent is deleted with its chat.',
    },
    errors: ['file_not_found', 'file_in_use'],
    successStatus: 204,
  })
  .input(oneFileInputSchema)
  .output(z.void())
  .mutation(async ({ ctx: { stores, scope }, input: { fileId } }) => {
    const result = isId('file', fileId) ? await stores.files.remove(scope, fileId) : 'missing';
    if (result === 'missing') throw new ApiError('file_not_found');
    if (result === 'in-use') throw new ApiError('file_in_use');
  });
