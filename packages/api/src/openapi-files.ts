import { limits } from '@parley/contract';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { fileContent } from './file/file-content.ts';
import { apiErrorResponses, COMMON, requestIdHeader } from './openapi-responses.ts';

const binary = { type: 'string' as const, format: 'binary' };

/** Stands for every media type: generators of clients know this one, and reject a document with a range such as `image/*`. */
const ANY_BYTES = 'application/octet-stream';

/** The body of an upload: the bytes themselves, or a form with one file. */
export const uploadBody = {
  required: true,
  content: {
    'multipart/form-data': {
      schema: { type: 'object' as const, properties: { file: binary }, required: ['file'] },
    },
    [ANY_BYTES]: { schema: binary },
  },
};

/** The parameters of an upload whose body is the bytes themselves. */
export const uploadParameters = [
  {
    name: 'filename',
    in: 'query' as const,
    description: 'The name of the file. Required unless the body is a form, which has it.',
    schema: { type: 'string' as const, minLength: 1, maxLength: limits.filenameLengthMax },
  },
];

/** Returns the path of the operation that answers with the content of a file. */
export function contentPaths(): ZodOpenApiPathsObject {
  const { path, operationId, summary, description, errors } = fileContent;
  return {
    [path]: {
      get: {
        ...{ operationId, tags: ['Files'], summary, description },
        security: [{ apiKey: [] }, { bearer: [] }] as Record<string, string[]>[],
        parameters: [
          { name: 'fileId', in: 'path' as const, required: true, schema: { type: 'string' as const } },
        ],
        responses: {
          200: {
            description: 'The content, with its own media type.',
            headers: {
              ...requestIdHeader,
              'Content-Disposition': {
                description: '`inline` for images, `attachment` for everything else; with the name.',
                schema: { type: 'string' as const },
              },
            },
            content: { [ANY_BYTES]: { schema: binary } },
          },
          ...(apiErrorResponses([...COMMON, ...errors]) as Record<never, never>),
        },
      },
    },
  };
}
