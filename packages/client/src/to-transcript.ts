import { isEnded, newAnswer } from './exchange.ts';
import { fileParts } from './file-parts.ts';
import { isMatched } from './optimistic-match.ts';
import type { Send } from './send.ts';
import type { AnswerEntry, TranscriptEntry } from './transcript-entry.ts';
import type { TranscriptState } from './transcript-state.ts';

/**
 * Converts a state to the displayed entries: the chat, then sent messages that are not matched yet. Pure;
 * unchanged entries stay the same objects.
 */
export function toTranscript(state: TranscriptState): readonly TranscriptEntry[] {
  const entries: TranscriptEntry[] = [];
  let unfinished = 0;
  const add = (entry: TranscriptEntry) => {
    entries.push(entry.kind === 'answer' && entry.status === 'queued' ? placed(entry, unfinished) : entry);
    if (entry.kind === 'answer' && !isEnded(entry)) unfinished++;
  };
  for (const { user, answer } of state.exchanges) {
    // Only a retry of it is known; its message comes with an older page.
    if (!user) continue;
    entries.push(user);
    if (answer && isShown(answer)) add(answer);
  }
  for (const send of state.sends) {
    if (!isMatched(state, send)) for (const entry of entriesOf(send)) add(entry);
  }
  return entries;
}

const placedEntries = new WeakMap<AnswerEntry, AnswerEntry>();

/** A queued answer with the number of messages that are answered first. */
function placed(answer: AnswerEntry, position: number): AnswerEntry {
  const known = placedEntries.get(answer);
  if (known?.position === position) return known;
  const entry = { ...answer, position };
  placedEntries.set(answer, entry);
  return entry;
}

/** Returns the oldest answer that has not ended. */
export function runningAnswer(entries: readonly TranscriptEntry[]): AnswerEntry | undefined {
  return entries.find((entry): entry is AnswerEntry => entry.kind === 'answer' && !isEnded(entry));
}

/** Hides an answer that was stopped before its first word. */
function isShown({ status, content }: AnswerEntry): boolean {
  return status !== 'stopped' || content !== '';
}

const ofSends = new WeakMap<Send, readonly TranscriptEntry[]>();

function entriesOf(send: Send): readonly TranscriptEntry[] {
  const known = ofSends.get(send);
  if (known) return known;
  const { key, content, files, createdAt, state } = send;
  const parts = fileParts(content, files);
  const entries: TranscriptEntry[] = [
    { kind: 'user', key, content, ...(parts && { parts }), createdAt, send },
  ];
  if (state.kind === 'accepted') entries.push(newAnswer(state.answerId, state.userMessageId));
  ofSends.set(send, entries);
  return entries;
}
