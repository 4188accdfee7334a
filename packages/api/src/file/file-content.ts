import type { ErrorCode } from '@parley/contract';

/** The operation that answers with the content of a file, which no procedure returns. Route and document are derived from it. */
export const fileContent = {
  operationId: 'getFileContent',
  /** The procedure whose policy holds, and which finds the file. */
  procedure: 'file.get',
  /** As OpenAPI writes it. */
  path: '/file/{fileId}/content',
  summary: 'Get the content of a file',
  description:
    'Returns the bytes of a file. Images can be shown in a page; everything else is a download. Text comes as `text/plain`.',
  errors: ['file_not_found'],
} as const satisfies { readonly errors: readonly ErrorCode[] } & Record<string, unknown>;
