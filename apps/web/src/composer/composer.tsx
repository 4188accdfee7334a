import { ArrowUp, Square } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, type Ref, useImperativeHandle, useRef } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { LengthNote } from './length-note.tsx';
import { measureMessage } from './message-length.ts';
import { sendsMessage } from './sends-message.ts';
import { useAutoHeight } from './use-auto-height.ts';

/** Controls a composer from outside. */
export interface ComposerHandle {
  focus(): void;
}

interface ComposerProps {
  readonly text: string;
  readonly onTextChange: (text: string) => void;
  /** Receives the text. The caller clears the composer. */
  readonly onSend: (text: string) => void;
  readonly placeholder: string;
  /** An answer is running and can be stopped. */
  readonly isAnswering?: boolean;
  readonly isStopping?: boolean;
  readonly onStop?: () => void;
  /** Sending is temporarily not possible. */
  readonly isBusy?: boolean;
  /** Shown at the start of the lower row. */
  readonly children?: ReactNode;
  readonly ref?: Ref<ComposerHandle>;
}

/** The element id of the message box. */
export const composerId = 'message';

/** The message box. Enter sends, Shift+Enter inserts a line break. */
export function Composer(props: ComposerProps) {
  const { text: label } = useTexts();
  const { text, onTextChange, placeholder, isAnswering = false, isStopping = false, isBusy = false } = props;
  const area = useRef<HTMLTextAreaElement>(null);
  useAutoHeight(area, text);
  useImperativeHandle(props.ref, () => ({ focus: () => area.current?.focus() }), []);

  const length = measureMessage(text);
  const isEmpty = text.trim() === '';
  const hasLowerRow = length.isNearMax || (props.children !== undefined && props.children !== null);
  const canSend = !isEmpty && !length.isTooLong && !isBusy;

  const send = () => {
    area.current?.focus();
    if (canSend) props.onSend(text);
  };
  const stop = () => {
    area.current?.focus();
    if (!isStopping) props.onStop?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { isComposing } = event.nativeEvent;
    if (sendsMessage({ ...pressOf(event), isComposing })) {
      event.preventDefault();
      send();
    }
  };

  return (
    <form
      className="flex flex-wrap items-end gap-x-2 rounded-[1.6rem] border border-line-strong/60 bg-surface p-1.5 shadow-sm shadow-black/5 transition-[border-color,box-shadow] focus-within:border-accent focus-within:shadow-md"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label htmlFor={composerId} className="sr-only">
        {label('composer.label')}
      </label>
      <textarea
        ref={area}
        id={composerId}
        rows={1}
        dir="auto"
        value={text}
        placeholder={placeholder}
        autoComplete="off"
        enterKeyHint="send"
        aria-describedby={length.isNearMax ? 'message-length' : undefined}
        aria-invalid={length.isTooLong}
        className="block max-h-[38dvh] min-w-0 grow basis-48 resize-none overflow-y-auto bg-transparent px-3 py-2.5 leading-relaxed outline-none"
        onChange={(event) => onTextChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {hasLowerRow && (
        <div className="order-last flex min-w-0 basis-full items-center gap-2">
          {props.children}
          <LengthNote length={length} />
        </div>
      )}
      <div className="ms-auto flex h-11.5 shrink-0 items-center gap-2">
        {isAnswering && (
          <IconButton
            label={label('composer.stop')}
            icon={Square}
            keys="Esc"
            look="outline"
            shape="round"
            aria-disabled={isStopping}
            className="[&_svg]:size-3.5 [&_svg]:fill-current"
            onClick={stop}
            // Escape stops the answer too, and this button disappears with it.
            onKeyDown={(event) => event.key === 'Escape' && area.current?.focus()}
          />
        )}
        {(!isAnswering || !isEmpty) && (
          <IconButton
            label={label('composer.send')}
            icon={ArrowUp}
            type="submit"
            look="primary"
            shape="round"
            disabled={!canSend}
          />
        )}
      </div>
    </form>
  );
}

function pressOf({ key, keyCode, shiftKey, altKey }: KeyboardEvent) {
  return { key, keyCode, shiftKey, altKey };
}
