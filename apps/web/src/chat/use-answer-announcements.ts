import type { AnswerEntry, TranscriptEntry } from '@parley/client';
import { useEffect, useRef } from 'react';
import { useEmbed } from '../embed/embed-context.ts';
import { announce } from '../lib/announce.ts';
import { problemTextOf } from '../problems/problem-text.ts';
import { currentTexts } from '../texts/texts.ts';
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
      announce(ended?.kind === 'answer' ? announcementOf(ended) : currentTexts().text('answer.was-stopped'));
    } else if (running?.status === 'generating' && previous?.status !== 'generating') {
      announce(currentTexts().text('answer.started'));
    }
  }, [entries, running, embed]);
}

function announcementOf(entry: AnswerEntry): string {
  const texts = currentTexts();
  const { text } = texts;
  const { status, errorCode } = entry;
  if (status === 'failed')
    return text('answer.failed', {
      problem: problemTextOf({ code: errorCode ?? 'unknown' }, texts).title,
    });
  if (status === 'stopped') return text('answer.was-stopped');
  return endNoteOf(entry, text) ?? text('answer.completed');
}
