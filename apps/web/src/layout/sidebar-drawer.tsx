import { Dialog as Radix } from 'radix-ui';
import { useState } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { focusDialogItself } from '../ui/focus-dialog-itself.ts';
import { PortalContainerContext } from '../ui/portal-container.ts';
import { useReturnedFocus } from '../ui/use-returned-focus.ts';
import { Sidebar } from './sidebar.tsx';
import { type SidebarControl, useSidebar } from './sidebar-context.ts';

/** The chat list above the page, for narrow screens. */
export function SidebarDrawer() {
  const { isOpen, setIsOpen } = useSidebar();
  return isOpen && <OpenDrawer setIsOpen={setIsOpen} />;
}

function OpenDrawer({ setIsOpen }: Pick<SidebarControl, 'setIsOpen'>) {
  const { text } = useTexts();
  const returnFocus = useReturnedFocus();
  const [content, setContent] = useState<HTMLElement | null>(null);
  return (
    <Radix.Root open onOpenChange={setIsOpen}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-30 bg-scrim animate-fade" />
        <Radix.Content
          ref={setContent}
          aria-describedby={undefined}
          onOpenAutoFocus={focusDialogItself}
          onCloseAutoFocus={returnFocus}
          className="fixed inset-y-0 start-0 z-40 w-[min(20rem,86vw)] shadow-2xl outline-none animate-slide"
        >
          <Radix.Title className="sr-only">{text('chats.sidebar')}</Radix.Title>
          <PortalContainerContext value={content}>
            <Sidebar />
          </PortalContainerContext>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
