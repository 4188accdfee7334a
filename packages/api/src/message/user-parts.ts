import type { MessageFile, MessagePart } from '@parley/contract';
import type { MessageRecord } from '@parley/db';

/** The parts of a user's message, which has more than text if it names files. */
export function userPartsOf({ content, files }: Pick<MessageRecord, 'content' | 'files'>) {
  if (!files) return undefined;
  const text: MessagePart[] = content === '' ? [] : [{ type: 'text', text: content }];
  return [...text, ...files.map(toFilePart)];
}

function toFilePart({ id, filename, mediaType }: MessageFile): MessagePart {
  return { type: 'file', url: `/file/${id}/content`, mediaType, filename };
}
