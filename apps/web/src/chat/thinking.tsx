import type { AnswerEntry } from '@parley/client';
import { useLate } from '../lib/use-late.ts';
import { useSecondsUntil } from '../lib/use-seconds-until.ts';
import { useTexts } from '../texts/use-texts.ts';
import { waitingText } from './waiting-text.ts';

/** After this time the note changes, to show that the answer is still expected. */
const longMs = 8_000;

/** Shown while nothing of an answer arrives: until its first word, and while the model makes it wait. */
export function Thinking({ entry }: { readonly entry: AnswerEntry }) {
  const { text } = useTexts();
  const isLong = useLate(true, longMs);
  const secondsLeft = useSecondsUntil(entry.status === 'generating' ? entry.retryAt : undefined);
  if (entry.content !== '' && secondsLeft === 0) return null;
  return (
    <p className="flex min-h-8 items-center gap-2.5 text-ink-soft">
      <span aria-hidden className="flex gap-1">
        {[0, 180, 360].map((delay) => (
          <span
            key={delay}
            className="size-1.5 rounded-full bg-current animate-breathe"
            style={{ animationDelay: `${delay}ms` }}
          />
        ))}
      </span>
      <span className="text-sm">{waitingText(entry, { secondsLeft, isLong }, text)}</span>
    </p>
  );
}
