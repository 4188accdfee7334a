import { Toaster } from 'sonner';
import { DeleteToasts } from '../chats/delete-toasts.tsx';
import { UndoArea } from '../chats/undo-area.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { useIsDark } from '../theme/use-theme.ts';
import { useSidebar } from './sidebar-context.ts';

/** Short notes above the message box. */
export function Toasts() {
  const { text } = useTexts();
  const { isOpen, isWide } = useSidebar();
  return (
    <>
      <DeleteToasts />
      <UndoArea>
        <Toaster
          containerAriaLabel={text('page.notifications')}
          dir="auto"
          theme={useIsDark() ? 'dark' : 'light'}
          // Centers the toasts on the page instead of the window, which includes the chat list.
          className={isWide && isOpen ? 'translate-x-36 xl:translate-x-40' : ''}
          position="bottom-center"
          mobileOffset={{ bottom: '8rem' }}
          offset={{ bottom: '8.5rem' }}
          toastOptions={{
            unstyled: true,
            classNames: {
              toast:
                'flex w-full min-h-13 items-center gap-3 rounded-2xl border border-line bg-surface py-2 ps-4 pe-2 text-sm text-ink shadow-xl shadow-black/10',
              content: 'grow',
              description: 'text-ink-soft',
              actionButton:
                'target rounded-xl px-3 text-sm font-medium text-accent transition-colors hover:bg-hover',
            },
          }}
        />
      </UndoArea>
    </>
  );
}
