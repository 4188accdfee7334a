import { limits } from '@parley/contract';
import type { ChatAccess } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';

/** The beginning of a message as one line; undefined if it has no visible text. */
export function titleFromMessage(content: string): string | undefined {
  // More than any title needs: a message may have 32,000 characters.
  const line = content
    .slice(0, limits.givenTitleLengthMax * 8)
    .trim()
    .replaceAll(/\s+/gu, ' ');
  const wellFormed = line.toWellFormed();
  if ([...wellFormed].length <= limits.givenTitleLengthMax) return wellFormed || undefined;
  const cut = startOf(wellFormed, limits.givenTitleLengthMax - 1);
  const lastBlank = cut.lastIndexOf(' ');
  // A single long word is cut within the word.
  const words = lastBlank > cut.length / 2 ? cut.slice(0, lastBlank) : cut;
  return `${words.trimEnd()}…`;
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

/**
 * Gives a chat the beginning of its first message as title. Failures are ignored, because the chat works without a
 * title.
 */
export async function setInitialTitle(
  { store, log }: Pick<TurnDeps, 'store' | 'log'>,
  access: ChatAccess,
  content: string,
): Promise<void> {
  const title = titleFromMessage(content);
  if (title === undefined) return;
  try {
    await store.chats.setInitialTitle(access, title);
  } catch (error) {
    log('warn', 'the chat was not named', { chat: access.chat.id, error });
  }
}
