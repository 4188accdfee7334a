import { z } from 'zod';
import { type Id, idInputSchema, idSchema } from './id.ts';
import { limits } from './limits.ts';
import { timestampSchema } from './time.ts';

/** The use that clients and models have for a file. */
export type FileKind = 'image' | 'text' | 'pdf';

/** Returns what can be done with a file of this type. The type is one that an upload was recognized as. */
export function fileKindOf(mediaType: string): FileKind {
  if (mediaType === 'application/pdf') return 'pdf';
  return mediaType.startsWith('image/') ? 'image' : 'text';
}

/** The kinds of files that an agent can accept. */
export const fileKinds = ['image', 'text', 'pdf'] as const satisfies readonly FileKind[];

/** The kinds of files that an agent accepts unless it names others. */
export const acceptedByDefault: readonly FileKind[] = ['text'];

/** A file that a message names. */
export interface MessageFile {
  readonly id: Id<'file'>;
  readonly filename: string;
  readonly mediaType: string;
  readonly bytes: number;
}

/** Characters that cannot be in a name: those of paths, and invisible ones. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}/\\]/u;

/** The name of a file, without a path. */
const filenameSchema = z
  .string()
  .min(1, 'must have a name')
  .max(limits.filenameLengthMax, `must have at most ${limits.filenameLengthMax} characters`)
  .refine((name) => !NOT_IN_NAMES.test(name), 'must be a name without slashes and invisible characters')
  .meta({ description: 'The name of the file.', examples: ['invoice.pdf'] });

/** Input of `file.create`. The content is no JSON: it only comes with `POST /file`. */
export const createFileInputSchema = z.strictObject({
  filename: filenameSchema,
  mediaType: z.string().max(limits.filenameLengthMax).meta({
    description:
      'The type that the sender names. It only matters for text: other types are recognized by the content.',
  }),
  content: z
    .custom<AsyncIterable<Uint8Array>>(
      (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
      'must be sent as the body of `POST /file`',
    )
    .meta({ type: 'string', description: 'The bytes of the file.' }),
});

/** Input of the operations that take nothing but the id of a file. */
export const oneFileInputSchema = z.strictObject({ fileId: idInputSchema('file') });

/** A file that was uploaded. */
export const fileSchema = z
  .object({
    id: idSchema('file'),
    filename: z.string(),
    mediaType: z.string().meta({
      description: 'The type that the content was recognized as.',
      examples: ['image/png', 'text/plain', 'application/pdf'],
    }),
    bytes: z.int().meta({ description: 'The size.' }),
    createdAt: timestampSchema,
  })
  .meta({ id: 'File', description: 'A file that was uploaded.' });

/** A file that was uploaded. */
export type File = z.infer<typeof fileSchema>;
