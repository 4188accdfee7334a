import { type ReactNode, useCallback, useState } from 'react';
import { useEmbed } from '../embed/embed-context.ts';
import { SearchContext } from '../search/search-context.ts';
import { SearchDialog } from '../search/search-dialog.tsx';
import { useSearchControl } from '../search/use-search-control.ts';
import { ShortcutsContext } from '../shortcuts/shortcuts-context.ts';
import { ShortcutsDialog } from '../shortcuts/shortcuts-dialog.tsx';
import { useShortcuts } from '../shortcuts/use-shortcuts.ts';
import { useTexts } from '../texts/use-texts.ts';
import { PortalContainerContext } from '../ui/portal-container.ts';
import { LazyToasts } from './lazy-toasts.tsx';
import { OfflineBanner } from './offline-banner.tsx';
import { Sidebar } from './sidebar.tsx';
import { SidebarContext } from './sidebar-context.ts';
import { SidebarDrawer } from './sidebar-drawer.tsx';
import { mainId, SkipLink } from './skip-link.tsx';
import { useBackCloses } from './use-back-closes.ts';
import { useSidebarControl } from './use-sidebar-control.ts';

/** The frame of all pages: the chat list, the offline banner and the keyboard shortcuts. */
export function AppShell({ children }: { readonly children: ReactNode }) {
  const { text } = useTexts();
  const sidebar = useSidebarControl();
  const { isOpen, isWide, setIsOpen } = sidebar;
  const search = useSearchControl();
  const [main, setMain] = useState<HTMLElement | null>(null);
  const embed = useEmbed();
  const shortcuts = useShortcuts(search.open);
  const { setIsOpen: setIsSearching } = search;
  const closeLayers = useCallback(() => {
    setIsSearching(false);
    setIsOpen(false);
  }, [setIsSearching, setIsOpen]);
  useBackCloses(!isWide && (isOpen || search.isOpen), closeLayers);
  return (
    <SidebarContext value={sidebar}>
      <ShortcutsContext value={shortcuts}>
        <SearchContext value={search}>
          <PortalContainerContext value={main}>
            <SkipLink />
            <div className="flex h-full print:block print:h-auto">
              {isWide && isOpen && (
                <aside
                  aria-label={text('chats.sidebar')}
                  className="w-72 shrink-0 print:hidden border-e border-line xl:w-80"
                >
                  <Sidebar />
                </aside>
              )}
              {!isWide && <SidebarDrawer />}
              <main
                ref={setMain}
                id={mainId}
                tabIndex={-1}
                aria-label={embed && (embed.title ?? text('embed.title'))}
                className="flex min-w-0 grow flex-col outline-none"
              >
                <OfflineBanner />
                {children}
              </main>
            </div>
            <SearchDialog />
            <ShortcutsDialog isOpen={shortcuts.isOpen} onOpenChange={shortcuts.setIsOpen} />
            <LazyToasts />
          </PortalContainerContext>
        </SearchContext>
      </ShortcutsContext>
    </SidebarContext>
  );
}
