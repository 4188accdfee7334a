import type { AnswerEntry } from '@parley/client';

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
): string {
  if (status === 'queued' && position > 0) {
    return position === 1 ? '1 message before this one' : `${position} messages before this one`;
  }
  if (status === 'queued') return isLong ? 'Many answers are running. Yours is waiting…' : 'Waiting…';
  if (secondsLeft > 0) return `The model is busy, next try in ${secondsLeft} s`;
  return isLong ? 'Still thinking…' : 'Thinking…';
}
