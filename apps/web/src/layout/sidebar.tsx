import { PanelLeftClose, SquarePen } from 'lucide-react';
import { ChatList } from '../chats/chat-list.tsx';
import { useEmbed } from '../embed/embed-context.ts';
import { useOpenNewChat } from '../new-chat/use-open-new-chat.ts';
import { SearchButton } from '../search/search-button.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { Keys } from '../ui/keys.tsx';
import { SettingsMenu } from './settings-menu.tsx';
import { useSidebar } from './sidebar-context.ts';

/** The chat list with its search, the new chat button and the settings. */
export function Sidebar() {
  const { text } = useTexts();
  const { isWide, setIsOpen } = useSidebar();
  const openNewChat = useOpenNewChat({ replace: !isWide });
  const embed = useEmbed();
  const onOpen = () => {
    if (!isWide) setIsOpen(false);
  };

  return (
    <div className="flex h-full flex-col bg-sidebar pt-[env(safe-area-inset-top)] ps-[env(safe-area-inset-left)]">
      <div className="flex min-h-14 items-center justify-between ps-5 pe-2.5">
        <p className="truncate font-display text-xl tracking-tight">
          {embed ? (embed.title ?? text('embed.title')) : 'Parley'}
        </p>
        <IconButton label={text('chats.hide')} icon={PanelLeftClose} onClick={() => setIsOpen(false)} />
      </div>
      <div className="flex flex-col gap-2 px-2.5 pb-1">
        <Button
          look="outline"
          aria-label={text('chats.new')}
          aria-keyshortcuts="Control+Shift+O Meta+Shift+O"
          className="group/new justify-start px-3"
          onClick={() => {
            openNewChat();
            onOpen();
          }}
        >
          <SquarePen aria-hidden />
          {text('chats.new')}
          <span className="ms-auto opacity-0 transition-opacity group-hover/new:opacity-100 group-focus-visible/new:opacity-100 max-md:hidden">
            <Keys keys="Mod+Shift+O" />
          </span>
        </Button>
        <SearchButton />
      </div>
      <nav
        aria-label={text('chats.history')}
        className="min-h-0 grow overflow-y-auto overscroll-contain px-2.5 pb-4"
      >
        <h2 className="sr-only">{text('chats.list')}</h2>
        <ChatList onOpen={onOpen} />
      </nav>
      {!embed && (
        <div className="border-t border-line p-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
          <SettingsMenu />
        </div>
      )}
    </div>
  );
}
