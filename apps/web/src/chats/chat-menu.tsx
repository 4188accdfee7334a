import { type ParleyError, toParleyError } from '@parley/client';
import { useDeleteChat, useParley } from '@parley/client/react';
import type { Chat } from '@parley/contract';
import { Download, Ellipsis, PencilLine, Trash2 } from 'lucide-react';
import { useRef, useState } from 'react';
import { isFocusLost } from '../lib/focused-control.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../ui/menu.tsx';
import { leftChats } from './left-chats.ts';
import { RenameDialog } from './rename-dialog.tsx';
import { saveFile } from './save-file.ts';
import { titleOf } from './title-of.ts';
import { toastsModule } from './toasts-module.ts';

interface ChatMenuProps {
  readonly chat: Chat;
  /** Leaves the chat if it is open. Called after it was removed from the lists. */
  readonly onDelete?: () => void;
  /** Returns the control that gets the focus after a delete, unless the focus has moved on. Called before the delete. */
  readonly focusAfterDelete?: () => HTMLElement | null;
  readonly className?: string;
}

/** A menu to rename, export or delete a chat. */
export function ChatMenu({ chat, onDelete, focusAfterDelete, className }: ChatMenuProps) {
  const { text } = useTexts();
  const parley = useParley();
  const { remove } = useDeleteChat();
  const [exportError, setExportError] = useState<ParleyError>();
  const [isRenaming, setIsRenaming] = useState(false);
  const nextFocus = useRef<HTMLElement | null>(null);
  const exportAs = async (format: 'md' | 'json') => {
    try {
      saveFile(`${chat.id}.${format}`, await parley.exportChat(chat.id, format));
    } catch (error) {
      setExportError(toParleyError(error));
    }
  };
  return (
    <>
      <Menu modal={false} onOpenChange={(isOpen) => void (isOpen && toastsModule.want())}>
        <MenuTrigger asChild>
          <Button
            shape="icon"
            aria-label={text('chat.options', { title: titleOf(chat, text) })}
            className={className}
          >
            <Ellipsis aria-hidden />
          </Button>
        </MenuTrigger>
        <MenuContent
          align="end"
          onCloseAutoFocus={(event) => {
            if (!nextFocus.current) return;
            event.preventDefault();
            if (isFocusLost()) nextFocus.current.focus();
          }}
        >
          <MenuItem icon={PencilLine} onSelect={() => setIsRenaming(true)}>
            {text('chat.rename')}
          </MenuItem>
          <MenuItem icon={Download} onSelect={() => void exportAs('md')}>
            {text('chat.export-markdown')}
          </MenuItem>
          <MenuItem icon={Download} onSelect={() => void exportAs('json')}>
            {text('chat.export-json')}
          </MenuItem>
          <MenuItem
            icon={Trash2}
            isDanger
            onSelect={() => {
              nextFocus.current = focusAfterDelete?.() ?? null;
              if (onDelete) leftChats.add(chat.id);
              remove(chat.id);
              onDelete?.();
            }}
          >
            {text('chat.delete')}
          </MenuItem>
        </MenuContent>
      </Menu>
      <Dialog
        title={text('chat.export-failed')}
        isOpen={exportError !== undefined}
        onOpenChange={() => setExportError(undefined)}
      >
        {exportError && <ProblemNote problem={exportError} className="mt-4" />}
      </Dialog>
      {isRenaming && <RenameDialog chat={chat} onClose={() => setIsRenaming(false)} />}
    </>
  );
}
