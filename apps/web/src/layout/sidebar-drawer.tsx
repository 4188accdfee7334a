import { Dialog as Radix } from 'radix-ui';
import { useState } from 'react';
import { focusDialogItself } from '../ui/focus-dialog-itself.ts';
import { PortalContainerContext } from '../ui/portal-container.ts';
import { Sidebar } from './sidebar.tsx';
import { useSidebar } from './sidebar-context.ts';

/** The chat list above the page, for narrow screens. */
export function SidebarDrawer() {
  const { isOpen, setIsOpen } = useSidebar();
  const [content, setContent] = useState<HTMLElement | null>(null);
  return (
    <Radix.Root open={isOpen} onOpenChange={setIsOpen}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-30 bg-scrim animate-fade" />
        <Radix.Content
          ref={setContent}
          aria-describedby={undefined}
          onOpenAutoFocus={focusDialogItself}
          className="fixed inset-y-0 start-0 z-40 w-[min(20rem,86vw)] shadow-2xl outline-none animate-slide"
        >
          <Radix.Title className="sr-only">Chats and settings</Radix.Title>
          <PortalContainerContext value={content}>
            <Sidebar />
          </PortalContainerContext>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
