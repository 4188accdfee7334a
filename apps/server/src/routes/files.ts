import multipart, { type MultipartFile } from '@fastify/multipart';
import { bodyBoundsOf, fileContent, restOperations } from '@parley/api';
import { ApiError, type File, fileKindOf, limits } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createCaller, rejecting } from './direct-call.ts';
import { rejectBrokenEscapes, rejectUnknownQuery } from './reject-query.ts';
import { toRoutePath } from './route-path.ts';

/** Adds the uploads, whose bodies are streams, and the contents of files. */
export async function fileRoutes(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers();
  // One more byte than allowed: the procedure rejects a content that is too large.
  await app.register(multipart, { limits: { files: 1, fields: 0, fileSize: limits.fileBytesMax + 1 } });
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));

  for (const { procedure, method, path, meta } of restOperations) {
    if (!meta.isUpload) continue;
    app.route({
      ...{ method, url: toRoutePath(path), config: { gate: { procedures: [procedure] } } },
      handler: upload,
    });
  }
  const { path, procedure } = fileContent;
  app.get(toRoutePath(path), { config: { gate: { procedures: [procedure] } } }, sendContent);
}

async function upload(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  rejectBrokenEscapes(request.url);
  rejectTooLarge(request);
  const input = request.isMultipart() ? await readForm(request) : readRaw(request);
  const file = await rejecting(() => createCaller(request.context).file.create(input));
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(file));
}

/** A body that says that it is too large is not read. Others are counted while they are read. */
function rejectTooLarge({ headers }: FastifyRequest): void {
  const length = Number(headers['content-length'] ?? 0);
  if (length > bodyBoundsOf(['file.create']).bytesMax) throw new ApiError('payload_too_large');
}

type Upload = Parameters<ReturnType<typeof createCaller>['file']['create']>[0];

function readRaw(request: FastifyRequest): Upload {
  rejectUnknownQuery(request.query as Record<string, unknown>, ['filename']);
  const { filename = '' } = request.query as { readonly filename?: string };
  const { 'content-type': mediaType = '' } = request.headers;
  const body = (request.body ?? []) as AsyncIterable<Uint8Array> | [];
  return { filename, mediaType, content: readBody(body) };
}

/** Reads a form up to the content of its file, which follows while the content is read. */
async function readForm(request: FastifyRequest): Promise<Upload> {
  rejectUnknownQuery(request.query as Record<string, unknown>, []);
  const parts = request.parts();
  const { value: part } = await parts.next().catch(rejectForm);
  if (part?.type !== 'file' || part.fieldname !== 'file') throw onlyFile();
  const { filename, mimetype: mediaType } = part;
  return { filename: filename ?? '', mediaType, content: readBody(contentOf(part, parts)) };
}

/** The content of the only part. Another part is rejected before the file is stored. */
async function* contentOf(part: MultipartFile, parts: AsyncIterator<unknown>) {
  yield* part.file as AsyncIterable<Uint8Array>;
  const { done } = await parts.next().catch(rejectForm);
  if (!done) throw onlyFile();
}

function rejectForm(cause: unknown): never {
  if (cause instanceof Error && 'statusCode' in cause && cause.statusCode === 413) throw onlyFile();
  throw new ApiError('malformed_request', { cause });
}

function onlyFile(): ApiError {
  const issues = [{ path: 'file', message: 'must be the only field of the form, and a file' }];
  return new ApiError('invalid_input', { issues });
}

/** A body that breaks off is the fault of its sender. */
async function* readBody(body: AsyncIterable<Uint8Array> | []): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (cause) {
    throw cause instanceof ApiError ? cause : new ApiError('malformed_request', { cause });
  }
}

/** Sends the content of a file. It cannot act in the origin of the server: a browser shows images only, and runs nothing. */
async function sendContent(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  rejectBrokenEscapes(request.url);
  rejectUnknownQuery(request.query as Record<string, unknown>, []);
  const { fileId } = request.params as { readonly fileId: string };
  const file = await rejecting(() => createCaller(request.context).file.get({ fileId }));
  const content = request.context.request.services.stores.files.read(file);
  return reply.headers(contentHeaders(file)).send(content);
}

function contentHeaders({ filename, mediaType, bytes }: File) {
  const kind = fileKindOf(mediaType);
  return {
    'content-type': kind === 'text' ? 'text/plain; charset=utf-8' : mediaType,
    'content-length': bytes,
    'content-disposition': `${kind === 'image' ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeName(filename)}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-store',
  };
}

/** Encodes a name for a header (RFC 8187): `encodeURIComponent` leaves some characters that have to be encoded. */
function encodeName(filename: string): string {
  return encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
