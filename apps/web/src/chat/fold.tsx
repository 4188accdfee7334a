import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';

/** The look of a row that reports work of the agent. */
export const workRowClass = 'flex min-h-9 items-center gap-2 text-sm text-ink-soft pointer-coarse:min-h-11';

/** A row that opens to more. It is closed at first. */
export function Fold({ row, children }: { readonly row: ReactNode; readonly children: ReactNode }) {
  return (
    <details className="group/fold rounded-xl border border-line">
      <summary
        className={`${workRowClass} cursor-pointer list-none rounded-xl px-3 -outline-offset-2 hover:bg-hover [&::-webkit-details-marker]:hidden`}
      >
        {row}
        <ChevronRight
          aria-hidden
          className="ms-auto size-4 shrink-0 transition-transform group-open/fold:rotate-90 rtl:rotate-180"
        />
      </summary>
      <div className="flex flex-col gap-2 px-3 pt-1 pb-3 text-sm text-ink-soft">{children}</div>
    </details>
  );
}
