import { ApiError, fileSchema, isId, oneFileInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toFile } from './to-file.ts';

/** `file.get`: returns what is known about a file. Its content is at another path. */
export const getFile = procedure
  .meta({
    openapi: {
      method: 'GET',
      path: '/file/{fileId}',
      operationId: 'getFile',
      tags: ['Files'],
      summary: 'Get a file',
      description:
        'Returns the name, type and size of a file. Its content is at `GET /file/{fileId}/content`.',
    },
    errors: ['file_not_found'],
  })
  .input(oneFileInputSchema)
  .output(fileSchema)
  .query(async ({ ctx: { stores, scope }, input: { fileId } }) => {
    const file = isId('file', fileId) ? await stores.files.find(scope, fileId) : undefined;
    if (!file) throw new ApiError('file_not_found');
    return toFile(file);
  });
