import { type MessageLength, messageLengthMax } from './message-length.ts';

const format = new Intl.NumberFormat();

/** Shows the remaining length when the limit is near. */
export function LengthNote({ length: { left, isTooLong, isNearMax } }: { readonly length: MessageLength }) {
  if (!isNearMax) return null;
  return (
    <p
      id="message-length"
      role={isTooLong ? 'alert' : undefined}
      className={`ps-2.5 text-xs tabular-nums ${isTooLong ? 'text-danger' : 'text-ink-soft'}`}
    >
      {isTooLong
        ? `${format.format(-left)} characters too long. Messages can have up to ${format.format(messageLengthMax)} characters.`
        : `${format.format(left)} characters left`}
    </p>
  );
}
