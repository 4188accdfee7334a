import { isClaimed } from './claims.ts';
import { isEnded, newAnswer } from './exchange.ts';
import type { Send } from './send.ts';
import type { AnswerEntry, TranscriptEntry } from './transcript-entry.ts';
import type { TranscriptState } from './transcript-reducer.ts';

/** What a state shows: the chat, then what was sent and is not told of yet. Pure; equal parts are the same objects. */
export function toTranscript(state: TranscriptState): readonly TranscriptEntry[] {
  const entries: TranscriptEntry[] = [];
  for (const { user, answer } of state.exchanges) {
    // One of which only a retry is known comes with the next page.
    if (!user) continue;
    entries.push(user);
    if (answer && isShown(answer)) entries.push(answer);
  }
  for (const send of state.sends) {
    if (!isClaimed(state, send)) entries.push(...entriesOf(send));
  }
  return entries;
}

/** The oldest answer that has not ended. */
export function runningAnswer(entries: readonly TranscriptEntry[]): AnswerEntry | undefined {
  return entries.find((entry): entry is AnswerEntry => entry.kind === 'answer' && !isEnded(entry));
}

/** One that was stopped before its first word is as if it were not. */
function isShown({ status, content }: AnswerEntry): boolean {
  return status !== 'stopped' || content !== '';
}

const ofSends = new WeakMap<Send, readonly TranscriptEntry[]>();

function entriesOf(send: Send): readonly TranscriptEntry[] {
  const known = ofSends.get(send);
  if (known) return known;
  const { key, content, createdAt, state } = send;
  const entries: TranscriptEntry[] = [{ kind: 'user', key, content, createdAt, send }];
  if (state.kind === 'accepted') entries.push(newAnswer(state.answerId, state.userMessageId));
  ofSends.set(send, entries);
  return entries;
}
