import { Search, X } from 'lucide-react';
import { useRef } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';

/** The element id of the search field. */
export const chatSearchId = 'chat-search';

/** The server's limit. */
const searchLengthMax = 200;

interface ChatSearchProps {
  readonly text: string;
  readonly onTextChange: (text: string) => void;
}

/** The search field of the chat list. Escape clears it. */
export function ChatSearch({ text, onTextChange }: ChatSearchProps) {
  const { text: textOf } = useTexts();
  const input = useRef<HTMLInputElement>(null);
  const clear = () => {
    onTextChange('');
    input.current?.focus();
  };
  return (
    <search className="relative">
      <Search
        aria-hidden
        className="pointer-events-none absolute start-3 top-1/2 size-4 -translate-y-1/2 text-ink-soft"
      />
      <input
        ref={input}
        id={chatSearchId}
        type="search"
        aria-label={textOf('chats.search')}
        dir="auto"
        aria-keyshortcuts="Control+K Meta+K"
        placeholder={textOf('chats.search-hint')}
        autoComplete="off"
        spellCheck={false}
        maxLength={searchLengthMax}
        value={text}
        onChange={(event) => onTextChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || text === '') return;
          event.stopPropagation();
          clear();
        }}
        className="min-h-10 w-full rounded-xl border border-transparent bg-hover ps-9 pe-9 text-sm max-md:min-h-11 max-md:text-base focus-visible:outline-offset-0 [&::-webkit-search-cancel-button]:hidden"
      />
      {text !== '' && (
        <Button
          shape="icon"
          aria-label={textOf('chats.clear-search')}
          className="absolute end-0 top-1/2 -translate-y-1/2"
          onClick={clear}
        >
          <X aria-hidden />
        </Button>
      )}
    </search>
  );
}
