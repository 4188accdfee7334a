import type { AnswerEntry } from '@parley/client';
import type { Text } from '../texts/translation.ts';

/** Returns the sentence that says why an answer is not whole, or undefined if it is, or if it failed. */
export function endNoteOf(
  { status, finishReason }: Pick<AnswerEntry, 'status' | 'finishReason'>,
  text: Text,
): string | undefined {
  if (status === 'stopped') return text('answer.stopped');
  if (finishReason === 'length') return text('answer.cut');
  if (finishReason === 'content_filter') return text('answer.filtered');
  return undefined;
}

/** Returns true if a message can ask for the rest of an answer. */
export function canContinue({ status, finishReason }: Pick<AnswerEntry, 'status' | 'finishReason'>): boolean {
  return status === 'stopped' || (status === 'completed' && finishReason === 'length');
}
