import { createHash } from 'node:crypto';
import { ApiError, limits } from '@parley/contract';
import { recognizeType, SIGNATURE_BYTES, textTypeOf } from './file-type.ts';

/** The facts about a content that was read to its end. */
interface ReadContent {
  readonly mediaType: string;
  readonly bytes: number;
  /** SHA-256. */
  readonly hash: string;
}

/** A content that is checked while it is read. Nothing of it is kept. */
export interface ContentReading {
  /** The content. @throws ApiError `payload_too_large`, `file_type_not_supported`; `invalid_input` if it is empty */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Call it after all chunks were read. */
  result(): ReadContent;
}

/**
 * Checks a content while it is read: its size, and its type by its first bytes. A content without a known signature has to be
 * text in UTF-8.
 */
export function readContent(source: AsyncIterable<Uint8Array>, namedType: string): ContentReading {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let head = Buffer.alloc(0);
  let bytes = 0;
  let isText = true;
  let read: ReadContent | undefined;

  const decode = (chunk?: Uint8Array) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
      isText &&= !chunk?.includes(0);
    } catch {
      isText = false;
    }
  };

  async function* chunks() {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > limits.fileBytesMax) throw new ApiError('payload_too_large');
      if (head.length < SIGNATURE_BYTES)
        head = Buffer.concat([head, chunk.subarray(0, SIGNATURE_BYTES - head.length)]);
      const isKnown = recognizeType(head) !== undefined;
      if (!isKnown && isText) decode(chunk);
      if (!isKnown && !isText && head.length === SIGNATURE_BYTES)
        throw new ApiError('file_type_not_supported');
      hash.update(chunk);
      yield chunk;
    }
    if (bytes === 0)
      throw new ApiError('invalid_input', { issues: [{ path: 'content', message: 'must not be empty' }] });
    const known = recognizeType(head);
    if (!known) decode();
    if (!known && !isText) throw new ApiError('file_type_not_supported');
    read = { mediaType: known ?? textTypeOf(namedType), bytes, hash: hash.digest('base64url') };
  }

  return {
    chunks: chunks(),
    result() {
      if (!read) throw new Error('the content was not read to its end');
      return read;
    },
  };
}
