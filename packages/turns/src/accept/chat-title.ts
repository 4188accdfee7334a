import { limits, type MessageFile } from '@parley/contract';
import type { ChatAccess } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';

/** The beginning of a message as one line without Markdown marks; undefined if it has no visible text. */
export function titleFromMessage(content: string): string | undefined {
  // More than any title needs: a message may have 32,000 characters.
  const start = content.slice(0, limits.givenTitleLengthMax * 8);
  const wellFormed = (lineOf(withoutMarkdown(start)) || lineOf(start)).toWellFormed();
  if ([...wellFormed].length <= limits.givenTitleLengthMax) return wellFormed || undefined;
  const cut = startOf(wellFormed, limits.givenTitleLengthMax - 1);
  const lastBlank = cut.lastIndexOf(' ');
  // A single long word is cut within the word.
  const words = lastBlank > cut.length / 2 ? cut.slice(0, lastBlank) : cut;
  return `${words.trimEnd()}…`;
}

const lineOf = (text: string): string => text.trim().replaceAll(/\s+/gu, ' ');

/** The marks of Markdown, each with the text that remains of it. Marks without a partner are text. */
const MARKS: readonly (readonly [mark: RegExp, text: string])[] = [
  // Fences, and the marks at the beginning of a line: headings, quotes, lists, tasks.
  [/^ {0,3}(?:```|~~~).*$/gm, ''],
  [/^[ \t]*(?:(?:>|#{1,6}|[-*+]|\d{1,9}[.)])[ \t]+)+(?:\[[ xX]\][ \t]+)?/gm, ''],
  // Links and images.
  [/!?\[([^[\]]*)\]\([^()\s]*(?: "[^"]*")?\)/g, '$1'],
  [/(`+)([^`]+)\1/g, '$2'],
  [/(\*{1,3}|~~)(?=\S)([^*~\n]*[^*~\s])\1/g, '$2'],
  // Underscores within words and in names of files are text.
  [/(?<![\p{L}\p{N}_])(_{1,3})(?=\S)([^_\n]*[^_\s])\1(?![\p{L}\p{N}_]|\.\p{L})/gu, '$2'],
];

function withoutMarkdown(text: string): string {
  return MARKS.reduce((left, [mark, kept]) => left.replaceAll(mark, kept), text);
}

/** Returns the beginning of a line, at most `max` code points, cut between two grapheme clusters. */
function startOf(line: string, max: number): string {
  let start = '';
  let length = 0;
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    length += [...segment].length;
    if (length > max) break;
    start += segment;
  }
  // A letter with many combining marks may be longer than the limit.
  return start || [...line].slice(0, max).join('');
}

/** A message that may name its chat. */
interface NamingMessage {
  readonly content: string;
  readonly files?: readonly MessageFile[] | undefined;
}

/**
 * Gives a chat the beginning of its first message as title, or the name of its first file if the message has no text. Failures
 * are ignored, because the chat works without a title.
 */
export async function setInitialTitle(
  { store, log }: Pick<TurnDeps, 'store' | 'log'>,
  access: ChatAccess,
  { content, files = [] }: NamingMessage,
): Promise<void> {
  const title = titleFromMessage(content === '' ? (files[0]?.filename ?? '') : content);
  if (title === undefined) return;
  try {
    await store.chats.setInitialTitle(access, title);
  } catch (error) {
    log('warn', 'the chat was not named', { chat: access.chat.id, error });
  }
}
