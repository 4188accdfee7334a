import type { MessagePart } from '@parley/contract';
import type { SentFile } from './send.ts';

/** Returns the parts of a user's message, as the server shows them; undefined without files. */
export function fileParts(
  content: string,
  files: readonly SentFile[] | undefined,
): readonly MessagePart[] | undefined {
  if (!files || files.length === 0) return undefined;
  const text = content === '' ? [] : [{ type: 'text' as const, text: content }];
  return [
    ...text,
    ...files.map(({ id, mediaType, filename }) => ({
      type: 'file' as const,
      url: `/file/${id}/content`,
      mediaType,
      filename,
    })),
  ];
}

/** Checks whether a message has these files, in this order. */
export function hasFiles(
  parts: readonly MessagePart[] | undefined,
  files: readonly SentFile[] | undefined,
): boolean {
  const urls = (parts ?? []).flatMap((part) => (part.type === 'file' ? [part.url] : []));
  const sent = files ?? [];
  return urls.length === sent.length && sent.every(({ id }, index) => urls[index] === `/file/${id}/content`);
}
