import { PanelLeft, SquarePen, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useEmbed } from '../embed/embed-context.ts';
import { useOpenNewChat } from '../new-chat/use-open-new-chat.ts';
import { useTexts } from '../texts/use-texts.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { useSidebar } from './sidebar-context.ts';

interface PageHeaderProps {
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}

/** The top row of each page. It has the buttons of the chat list while that is hidden. */
export function PageHeader({ actions, children }: PageHeaderProps) {
  const { text } = useTexts();
  const { isOpen, isWide, setIsOpen } = useSidebar();
  const openNewChat = useOpenNewChat();
  const isListAway = !isWide || !isOpen;
  const embed = useEmbed();
  return (
    <header className="flex min-h-14 shrink-0 print:mx-auto print:max-w-measure items-center gap-1.5 px-2.5 pt-[env(safe-area-inset-top)] ps-[max(0.625rem,env(safe-area-inset-left))]">
      {isListAway && (
        <IconButton
          label={text('chats.show')}
          icon={PanelLeft}
          aria-expanded={isOpen}
          onClick={() => setIsOpen(true)}
        />
      )}
      <div className="flex min-w-0 grow items-baseline gap-3 px-1.5">{children}</div>
      {actions}
      {isListAway && (
        <IconButton label={text('chats.new')} icon={SquarePen} keys="Mod+Shift+O" onClick={openNewChat} />
      )}
      {embed && <IconButton label={text('page.close')} icon={X} onClick={embed.close} />}
    </header>
  );
}
