import type { TranscriptEntry } from '@parley/client';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Spinner } from '../ui/spinner.tsx';
import { TranscriptRow } from './transcript-row.tsx';
import { useArrival } from './use-arrival.ts';
import { useFollowEnd } from './use-follow-end.ts';
import { useIsPrepending } from './use-is-prepending.ts';
import { PrintingContext, usePrinting } from './use-printing.ts';

/** The distance to the top, in pixels, at which older messages are loaded. */
const readAheadPx = 1_200;
/** The height above a message that stays visible when the page goes there, in pixels. */
const abovePx = 40;

interface TranscriptProps {
  readonly entries: readonly TranscriptEntry[];
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  readonly loadOlder: () => Promise<void>;
  readonly loadBackTo: (messageId: string) => Promise<boolean>;
}

/** The messages of a chat. Only those near the viewport are rendered. */
export function Transcript({ entries, hasOlder, isLoadingOlder, loadOlder, loadBackTo }: TranscriptProps) {
  const { text } = useTexts();
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useRef<VirtualizerHandle>(null);
  const { isAtEnd, scrollToEnd, stopFollowing } = useFollowEnd(scroller);
  const keys = useMemo(() => entries.map(({ key }) => key), [entries]);
  const isPrepending = useIsPrepending(keys);

  const readAhead = () => {
    const isNearTop = (scroller.current?.scrollTop ?? Number.POSITIVE_INFINITY) < readAheadPx;
    if (hasOlder && !isLoadingOlder && isNearTop) void loadOlder();
  };
  // If a page of messages does not fill the view, no scroll event would load the next one.
  useEffect(readAhead);
  useScrollToOwnMessage(entries, scrollToEnd);
  const scrollToEntry = useCallback(
    (index: number) => virtualizer.current?.scrollToIndex(index, { align: 'start', offset: -abovePx }),
    [],
  );
  const arrival = useArrival({ entries, loadBackTo, stopFollowing, scrollToEntry });
  const isPrinting = usePrinting({ entries, hasOlder, loadOlder });

  return (
    <>
      {isPrinting && <PrintedTranscript entries={entries} hasOlder={hasOlder} />}
      <div className="relative min-h-0 grow print:hidden">
        {isLoadingOlder && (
          <p className="absolute inset-x-0 top-2 z-10 mx-auto flex w-fit items-center gap-2 rounded-full border border-line bg-surface px-3 py-1.5 text-xs text-ink-soft shadow-sm">
            <Spinner />
            {text('chat.loading-earlier')}
          </p>
        )}
        <div
          ref={scroller}
          role="log"
          aria-label={text('chat.conversation')}
          // Otherwise screen readers would read every word. The start and end of answers are announced instead.
          aria-live="off"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
          tabIndex={0}
          className="h-full overflow-y-auto overscroll-contain -outline-offset-2 [scrollbar-gutter:stable_both-edges]"
        >
          <div className="pt-2 pb-6">
            <Virtualizer
              ref={virtualizer}
              scrollRef={scroller}
              data={entries}
              shift={isPrepending}
              bufferSize={600}
              startMargin={8}
              onScroll={readAhead}
            >
              {(entry, index) => (
                <TranscriptRow
                  key={entry.key}
                  entry={entry}
                  isNewest={index === entries.length - 1}
                  target={entry.key === arrival?.key ? arrival.target : undefined}
                />
              )}
            </Virtualizer>
          </div>
        </div>
        <div aria-hidden className="fade-edge top-0 bg-linear-to-b" />
        <div aria-hidden className="fade-edge bottom-0 bg-linear-to-t" />
        {!isAtEnd && (
          <Button
            look="outline"
            shape="pill"
            className="absolute inset-x-0 bottom-3 mx-auto w-fit shadow-md shadow-black/10 animate-appear"
            onClick={() => scrollToEnd()}
          >
            <ArrowDown aria-hidden />
            {text('chat.jump-to-latest')}
          </Button>
        )}
      </div>
    </>
  );
}

/** All loaded messages on paper. The screen still shows only those near the viewport. */
function PrintedTranscript({ entries, hasOlder }: Pick<TranscriptProps, 'entries' | 'hasOlder'>) {
  const { text } = useTexts();
  return (
    <PrintingContext value={true}>
      <div className="hidden print:block">
        {hasOlder && <p className="column text-sm text-ink-soft">{text('chat.earlier-not-printed')}</p>}
        {entries.map((entry) => (
          <TranscriptRow key={entry.key} entry={entry} isNewest={false} />
        ))}
      </div>
    </PrintingContext>
  );
}

/** Scrolls to the user's own message when it is sent. */
function useScrollToOwnMessage(entries: readonly TranscriptEntry[], scrollToEnd: () => void): void {
  const newestSend = entries.findLast((entry) => entry.kind === 'user' && entry.send !== undefined)?.key;
  useEffect(() => {
    if (newestSend !== undefined) scrollToEnd();
  }, [newestSend, scrollToEnd]);
}
