import type { ReactNode } from 'react';

/** The bottom of a chat: the composer with notes above it. */
export function ComposerDock({ children }: { readonly children: ReactNode }) {
  return (
    <div className="column shrink-0 print:hidden pb-[max(0.75rem,env(safe-area-inset-bottom))]">
      <div className="flex flex-col gap-2">{children}</div>
    </div>
  );
}
