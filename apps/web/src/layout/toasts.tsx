import { Toaster } from 'sonner';
import { DeleteToasts } from '../chats/delete-toasts.tsx';
import { useIsDark } from '../theme/use-theme.ts';
import { useSidebar } from './sidebar-context.ts';

/** Short notes over the page, above the row where one writes. */
export function Toasts() {
  const { isOpen, isWide } = useSidebar();
  return (
    <>
      <DeleteToasts />
      <Toaster
        theme={useIsDark() ? 'dark' : 'light'}
        // In the middle of the page, not of the window: half of the chat list's width further.
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
    </>
  );
}
