import { ApiError, createFileInputSchema, fileSchema, limits } from '@parley/contract';
import type { FileReplay } from '@parley/db';
import { toIdempotency } from '../idempotency.ts';
import { procedure } from '../procedures.ts';
import { readContent } from './read-content.ts';
import { toFile } from './to-file.ts';

const UNSENT_MAX = limits.unsentFilesPerUserMax;

/**
 * `file.create`: stores an upload while it is read. With an idempotency key the request is identified by name, type and hash
 * of the content, which are known at its end.
 */
export const createFile = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/file',
      operationId: 'createFile',
      tags: ['Files'],
      summary: 'Upload a file',
      description:
        'Stores an image (PNG, JPEG, GIF, WebP), a PDF, or a text in UTF-8, which is recognized by its content. Send the bytes as the body, with the name as `filename` in the query; or a form ' +
        '(`multipart/form-data`) with one field `file`. A file that is not sent is deleted after a day.',
    },
    errors: [
      'file_type_not_supported',
      'file_storage_full',
      'too_many_unsent_files',
      'idempotency_key_reused',
    ],
    isIdempotent: true,
    isUpload: true,
  })
  .input(createFileInputSchema)
  .output(fileSchema)
  .mutation(async ({ ctx: { stores, services, scope, caller, request }, input }) => {
    const { filename, mediaType: namedType, content } = input;
    const { idempotencyKey } = request;
    const idempotencyOf = (identity: unknown) =>
      idempotencyKey === undefined
        ? undefined
        : toIdempotency(caller, 'file.create', idempotencyKey, identity);
    const key = idempotencyOf(undefined)?.key;
    const earlier = key === undefined ? undefined : await stores.files.findByIdempotencyKey(scope, key);
    const startedAt = performance.now();
    const reading = readContent(content, namedType);
    const finishReading = async () => {
      const { mediaType, bytes, hash } = reading.result();
      // Credentials that were withdrawn while the body arrived store nothing.
      if (performance.now() - startedAt > limits.authenticationMaxMs) await request.authenticateAgain();
      return { mediaType, bytes, idempotency: idempotencyOf([filename, mediaType, hash]) };
    };
    const replay = ({ body, file }: FileReplay, own: string | undefined) => {
      if (body !== own) throw new ApiError('idempotency_key_reused');
      request.markReplayed();
      return toFile(file);
    };
    if (earlier) {
      for await (const _ of reading.chunks);
      return replay(earlier, (await finishReading()).idempotency?.body);
    }

    const { user } = scope;
    if (user !== undefined && (await stores.files.countUnsent({ ...scope, user }, UNSENT_MAX)) >= UNSENT_MAX)
      throw new ApiError('too_many_unsent_files');
    const id = await stores.files.begin(scope, filename);
    let isFinished = false;
    try {
      await stores.files.write(id, reading.chunks);
      const { idempotency, ...upload } = await finishReading();
      const finished = await stores.files.finish(
        scope,
        id,
        { ...upload, ...(idempotency && { idempotency }) },
        services.teamFilesBytesMax,
      );
      if (finished === 'full') throw new ApiError('file_storage_full');
      if ('file' in finished) return replay(finished, idempotency?.body);
      isFinished = true;
      return toFile(finished);
    } finally {
      // If this fails too, the file is removed like one that was never sent.
      if (!isFinished) await stores.files.discard(scope, id).catch(() => undefined);
    }
  });
