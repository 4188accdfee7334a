import { useDeleteChat } from '@parley/client/react';
import type { Chat } from '@parley/contract';
import { Ellipsis, PencilLine, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { titleOf } from './title-of.ts';
import { toastsModule } from './toasts-module.ts';

interface ChatMenuProps {
  readonly chat: Chat;
  /** Called after the chat was removed from the lists. */
  readonly onDelete?: () => void;
  readonly className?: string;
}

/** A menu to rename or delete a chat. */
export function ChatMenu({ chat, onDelete, className }: ChatMenuProps) {
  const { remove } = useDeleteChat();
  const [isRenaming, setIsRenaming] = useState(false);
  return (
    <>
      <Menu modal={false} onOpenChange={(isOpen) => void (isOpen && toastsModule.want())}>
        <MenuTrigger asChild>
          <Button shape="icon" aria-label={`Options for ${titleOf(chat)}`} className={className}>
            <Ellipsis aria-hidden />
          </Button>
        </MenuTrigger>
        <MenuContent align="end">
          <MenuItem icon={PencilLine} onSelect={() => setIsRenaming(true)}>
            Rename
          </MenuItem>
          <MenuItem
            icon={Trash2}
            isDanger
            onSelect={() => {
              remove(chat.id);
              onDelete?.();
            }}
          >
            Delete
          </MenuItem>
        </MenuContent>
      </Menu>
      {isRenaming && <RenameDialog chat={chat} onClose={() => setIsRenaming(false)} />}
    </>
  );
}
