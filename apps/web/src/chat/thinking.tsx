import { useLate } from '../lib/use-late.ts';

/** After this time the note changes, to show that the answer is still expected. */
const longMs = 8_000;

/** Shown until the first word of an answer arrives. */
export function Thinking({ isQueued }: { readonly isQueued: boolean }) {
  const isLong = useLate(true, longMs);
  const words = isQueued ? 'Waiting for the previous answer…' : isLong ? 'Still thinking…' : 'Thinking…';
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
      <span className="text-sm">{words}</span>
    </p>
  );
}
