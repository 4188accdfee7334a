import type { AnswerEntry } from '@parley/client';

/** Returns the sentence that says why an answer is not whole, or undefined if it is, or if it failed. */
export function endNoteOf({ status, finishReason }: AnswerEntry): string | undefined {
  if (status === 'stopped') return 'This answer was stopped.';
  if (finishReason === 'length') return 'This answer was cut at the length limit.';
  if (finishReason === 'content_filter') return 'A content filter ended this answer.';
  return undefined;
}

/** Returns true if a message can ask for the rest of an answer. */
export function canContinue({ status, finishReason }: Pick<AnswerEntry, 'status' | 'finishReason'>): boolean {
  return status === 'stopped' || (status === 'completed' && finishReason === 'length');
}
