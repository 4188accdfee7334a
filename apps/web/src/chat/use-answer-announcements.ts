import type { AnswerEntry, TranscriptEntry } from '@parley/client';
import { useEffect, useRef } from 'react';
import { useEmbed } from '../embed/embed-context.ts';
import { announce } from '../lib/announce.ts';
import { problemTextOf } from '../problems/problem-text.ts';
import { endNoteOf } from './end-note.ts';

/** Announces the start and the end of answers to screen readers, and reports the end to an embedding page. */
export function useAnswerAnnouncements(
  entries: readonly TranscriptEntry[],
  running: AnswerEntry | undefined,
): void {
  const embed = useEmbed();
  const before = useRef<AnswerEntry | undefined>(undefined);
  useEffect(() => {
    const previous = before.current;
    before.current = running;
    if (previous && previous.key !== running?.key) {
      const ended = entries.findLast((entry) => entry.key === previous.key);
      embed?.notifyAnswered();
      announce(ended?.kind === 'answer' ? announcementOf(ended) : 'The answer was stopped');
    } else if (running?.status === 'generating' && previous?.status !== 'generating') {
      announce('The answer has started');
    }
  }, [entries, running, embed]);
}

function announcementOf(entry: AnswerEntry): string {
  const { status, errorCode } = entry;
  if (status === 'failed')
    return `${problemTextOf({ code: errorCode ?? 'unknown' }).title}. You can retry below the message.`;
  if (status === 'stopped') return 'The answer was stopped';
  return endNoteOf(entry) ?? 'The answer is complete';
}
