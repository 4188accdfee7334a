import type { AnswerEntry } from '@parley/client';
import type { Text } from '../texts/translation.ts';

interface Wait {
  /** Until the model takes requests again; 0 if it does not make the answer wait. */
  readonly secondsLeft: number;
  /** Whether the user has waited for long. */
  readonly isLong: boolean;
}

/** Returns the reason why no text of an answer arrives. */
export function waitingText(
  { status, position = 0 }: Pick<AnswerEntry, 'status' | 'position'>,
  { secondsLeft, isLong }: Wait,
  text: Text,
): string {
  if (status === 'queued' && position > 0) {
    return text('answer.queued', { count: position });
  }
  if (status === 'queued') return text(isLong ? 'answer.waiting-long' : 'answer.waiting');
  if (secondsLeft > 0) return text('answer.model-busy', { seconds: secondsLeft });
  return text(isLong ? 'answer.thinking-long' : 'answer.thinking');
}
