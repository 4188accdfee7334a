import type { UserEntry } from '@parley/client';
import { use, useState } from 'react';
import { cutText } from '../lib/cut-text.ts';
import { PlainText } from '../markdown/plain-text.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { MessageActions } from './message-actions.tsx';
import { MessageFiles } from './message-files.tsx';
import { SendNote } from './send-note.tsx';
import { PrintingContext } from './use-printing.ts';

/** Longer messages are collapsed. */
const shownLengthMax = 1_600;
const shownLinesMax = 24;

/** A user's message with its actions and its sending state. */
export function UserMessage({ entry }: { readonly entry: UserEntry }) {
  const { text } = useTexts();
  return (
    <article className="group flex flex-col items-end gap-1 pt-5 pb-1" data-kind="user">
      <h2 className="sr-only">{text('message.heading')}</h2>
      {entry.parts && <MessageFiles parts={entry.parts} />}
      {entry.content !== '' && (
        <div className="max-w-[min(85%,36rem)] rounded-3xl rounded-ee-lg bg-bubble [print-color-adjust:exact] px-4.5 py-2.5">
          <MessageText text={entry.content} />
        </div>
      )}
      <div className="-me-1.5 flex flex-row-reverse">
        <MessageActions createdAt={entry.createdAt} textOf={() => entry.content} />
      </div>
      {entry.send && <SendNote send={entry.send} />}
    </article>
  );
}

function MessageText({ text: content }: { readonly text: string }) {
  const { text } = useTexts();
  const [isOpened, setIsWhole] = useState(false);
  const isPrinting = use(PrintingContext);
  const isWhole = isOpened || isPrinting;
  const start = startOf(content);
  const isLong = start.length < content.length;
  return (
    <>
      <div className="leading-relaxed">
        <PlainText text={isWhole || !isLong ? content : `${start}…`} />
      </div>
      {isLong && !isPrinting && (
        <Button
          className="-ms-2 mt-1 px-2 text-ink-soft"
          aria-expanded={isWhole}
          onClick={() => setIsWhole(!isWhole)}
        >
          {text(isWhole ? 'message.show-less' : 'message.show-all')}
        </Button>
      )}
    </>
  );
}

function startOf(text: string): string {
  const lines = text.split('\n', shownLinesMax + 1);
  const start = lines.length > shownLinesMax ? lines.slice(0, shownLinesMax).join('\n') : text;
  return start.length > shownLengthMax ? cutText(start, shownLengthMax) : start;
}
