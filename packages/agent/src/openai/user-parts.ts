import { fileKindOf, type MessageFile } from '@parley/contract';
import type { Contents } from '../model/file-contents.ts';

/** A user's message with files, as both APIs have it. */
export interface MessageWithFiles {
  readonly content: string;
  readonly files: readonly MessageFile[];
}

/** A part of a user's message. `data` is a data URL. */
export type UserPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly data: string }
  | { readonly kind: 'pdf'; readonly filename: string; readonly data: string };

/**
 * The parts of a user's message: its files, then its text. Text files are text, so they and the message are one part if there is
 * nothing else, which every server understands.
 */
export function userParts({ content, files }: MessageWithFiles, contents: Contents): UserPart[] {
  const parts: UserPart[] = [];
  for (const file of files) append(parts, toPart(file, contents.get(file.id)));
  if (content !== '') append(parts, { kind: 'text', text: content });
  return parts;
}

function append(parts: UserPart[], part: UserPart): void {
  const last = parts.at(-1);
  if (last?.kind !== 'text' || part.kind !== 'text') parts.push(part);
  else parts[parts.length - 1] = { kind: 'text', text: `${last.text}\n\n${part.text}` };
}

function toPart({ filename, mediaType }: MessageFile, content: Uint8Array | undefined): UserPart {
  const kind = fileKindOf(mediaType);
  const name = JSON.stringify(filename);
  if (!content) return { kind: 'text', text: `[The file ${name} was deleted.]` };
  if (kind === 'text')
    return { kind, text: `<file name=${name} type="${mediaType}">\n${textOfFile(content)}\n</file>` };
  const data = `data:${mediaType};base64,${Buffer.from(content).toString('base64')}`;
  return kind === 'pdf' ? { kind, filename, data } : { kind, data };
}

/** The text of a file, without a byte order mark. The upload has checked that it is UTF-8. */
export function textOfFile(content: Uint8Array): string {
  return new TextDecoder().decode(content);
}
