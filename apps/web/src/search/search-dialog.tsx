import { Search, X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { useOpenMessage } from '../chat/message-address.ts';
import { useSidebar } from '../layout/sidebar-context.ts';
import { announce } from '../lib/announce.ts';
import { useLate } from '../lib/use-late.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Spinner } from '../ui/spinner.tsx';
import { useReturnedFocus } from '../ui/use-returned-focus.ts';
import { FoundList } from './found-list.tsx';
import { optionIdOf } from './found-option.tsx';
import { useSearchDialog } from './search-context.ts';
import { type Found, useFound } from './use-found.ts';

/** The server's limit. */
const searchLengthMax = 200;

/** The search in chats and messages, above the page. */
export function SearchDialog() {
  const { isOpen } = useSearchDialog();
  return isOpen && <OpenSearch />;
}

function OpenSearch() {
  const { text } = useTexts();
  const { setIsOpen } = useSearchDialog();
  const sidebar = useSidebar();
  const returnFocus = useReturnedFocus();
  const openMessage = useOpenMessage();

  const choose = (found: Found) => {
    const [chatId, messageId] =
      found.kind === 'chat' ? [found.chat.id] : [found.result.chatId, found.result.messageId];
    // On narrow screens the search has an entry of the browser's history, which the chat takes.
    openMessage({ chatId, messageId }, { replace: !sidebar.isWide });
    setIsOpen(false);
    if (!sidebar.isWide) sidebar.setIsOpen(false);
  };
  return (
    <Radix.Root open onOpenChange={setIsOpen}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim animate-fade" />
        <Radix.Content
          aria-describedby={undefined}
          onCloseAutoFocus={returnFocus}
          onEscapeKeyDown={(event) => event.isComposing && event.preventDefault()}
          className="fixed inset-0 z-50 flex flex-col bg-surface pt-[env(safe-area-inset-top)] outline-none animate-appear md:inset-x-4 md:top-[max(1rem,12dvh)] md:bottom-auto md:mx-auto md:max-h-[70dvh] md:max-w-2xl md:rounded-3xl md:border md:border-line md:shadow-2xl md:shadow-black/15"
        >
          <Radix.Title className="sr-only">{text('search.title')}</Radix.Title>
          <SearchBox onChoose={choose} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The search field with its options, as a combobox: the focus stays in the field. */
function SearchBox({ onChoose }: { readonly onChoose: (found: Found) => void }) {
  const { text } = useTexts();
  const listId = useId();
  const [typed, setTyped] = useState('');
  const { found, searched, isLoading, error, hasMore, loadMore } = useFound(typed);
  const [chosen, setActive] = useState<Found>();
  const active = found.find(({ id }) => id === chosen?.id) ?? found[0];
  const isLate = useLate(isLoading, 300);
  const isNothing = !isLoading && !error && found.length === 0;
  useAnnouncedCount(found.length, isLoading || searched === '');

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && active) {
      event.preventDefault();
      setActive(found[(found.indexOf(active) + step + found.length) % found.length]);
    }
    // The options of an earlier text are not meant.
    if (event.key === 'Enter' && active && !isLoading) {
      event.preventDefault();
      onChoose(active);
    }
  };
  return (
    <>
      <div className="flex items-center gap-3 border-b border-line py-2 ps-5 pe-2">
        {isLate ? (
          <Spinner className="size-4 shrink-0 text-ink-soft" />
        ) : (
          <Search aria-hidden className="size-4 shrink-0 text-ink-soft" />
        )}
        <input
          type="text"
          role="combobox"
          aria-label={text('search.open')}
          aria-expanded={found.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={active && optionIdOf(active)}
          dir="auto"
          placeholder={text('search.open')}
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="go"
          maxLength={searchLengthMax}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setActive(undefined);
          }}
          onKeyDown={onKeyDown}
          className="min-h-11 min-w-0 grow bg-transparent text-base outline-none"
        />
        <Radix.Close asChild>
          <Button shape="icon" aria-label={text('page.close')}>
            <X aria-hidden />
          </Button>
        </Radix.Close>
      </div>
      <div className="min-h-0 grow overflow-y-auto overscroll-contain px-2 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
        <FoundList
          {...{ id: listId, found, searched, active, isLoading, hasMore, loadMore, onChoose }}
          onPoint={setActive}
        />
        {isNothing && (
          <p role="status" className="px-3 pt-5 pb-3 text-sm text-ink-soft wrap-anywhere">
            {searched === '' ? text('chats.none') : text('search.none', { search: searched })}
          </p>
        )}
        {error && <ProblemNote problem={error} isAlert className="m-2" />}
      </div>
    </>
  );
}

/** Tells screen readers how many results there are. */
function useAnnouncedCount(count: number, isSilent: boolean): void {
  const { text } = useTexts();
  useEffect(() => {
    if (!isSilent && count > 0) announce(text('search.found', { count }));
  }, [count, isSilent, text]);
}
