import { type MessageLength, messageLengthMax } from './message-length.ts';

const format = new Intl.NumberFormat();

/** Tells how much room is left, once that matters. */
export function LengthNote({ length: { left, isTooLong, isNearMax } }: { readonly length: MessageLength }) {
  if (!isNearMax) return null;
  return (
    <p
      id="message-length"
      role={isTooLong ? 'alert' : undefined}
      className={`ps-2.5 text-xs tabular-nums ${isTooLong ? 'text-danger' : 'text-ink-soft'}`}
    >
      {isTooLong
        ? `${format.format(-left)} characters too long; at most ${format.format(messageLengthMax)} can be sent`
        : `${format.format(left)} characters left`}
    </p>
  );
}
