import { crc32 } from 'node:zlib';
import { ApiError } from '@parley/contract';
import { z } from 'zod';

/**
 * The cursors of one list. A cursor is a position under one filter, in base64url with a checksum over list, filter
 * and position. The checksum detects changed and misplaced cursors. It is no protection, and needs to be none: a
 * cursor only reaches what its list contains.
 */
export interface CursorKind<Position> {
  encode(filter: CursorFilter, position: Position): string;
  /** @throws ApiError `invalid_cursor` */
  decode(filter: CursorFilter, cursor: string): Position;
}

type CursorFilter = Readonly<Record<string, string | undefined>>;

const envelopeSchema = z.tuple([z.int(), z.unknown()]);

/** Creates the encoder and decoder of the cursors of one list. */
export function cursorKind<Position>(list: string, schema: z.ZodType<Position>): CursorKind<Position> {
  const checksum = (filter: CursorFilter, position: Position) =>
    crc32(JSON.stringify([list, Object.entries(filter).sort(), position]));

  return {
    encode: (filter, position) =>
      Buffer.from(JSON.stringify([checksum(filter, position), position])).toString('base64url'),

    decode(filter, cursor) {
      const envelope = envelopeSchema.safeParse(parse(cursor));
      const position = schema.safeParse(envelope.data?.[1]);
      if (!envelope.success || !position.success) throw new ApiError('invalid_cursor');
      if (envelope.data[0] !== checksum(filter, position.data)) throw new ApiError('invalid_cursor');
      return position.data;
    },
  };
}

function parse(cursor: string): unknown {
  const bytes = Buffer.from(cursor, 'base64url');
  // Node ignores characters that are not base64url, so the text is compared: a cursor has one spelling.
  if (bytes.toString('base64url') !== cursor) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
