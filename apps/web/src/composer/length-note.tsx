import { useTexts } from '../texts/use-texts.ts';
import { type MessageLength, messageLengthMax } from './message-length.ts';

/** Shows the remaining length when the limit is near. */
export function LengthNote({ length: { left, isTooLong, isNearMax } }: { readonly length: MessageLength }) {
  const { text } = useTexts();
  if (!isNearMax) return null;
  return (
    <p
      id="message-length"
      role={isTooLong ? 'alert' : undefined}
      className={`ps-2.5 text-xs tabular-nums ${isTooLong ? 'text-danger' : 'text-ink-soft'}`}
    >
      {isTooLong
        ? text('composer.too-long', { count: -left, max: messageLengthMax })
        : text('composer.left', { count: left })}
    </p>
  );
}
