import type { ReactNode } from 'react';
import { ErrorBoundary } from './lib/error-boundary.tsx';
import { useTexts } from './texts/use-texts.ts';
import { Button } from './ui/button.tsx';

/** Shown when the page crashes. Drafts and unsent messages are stored and survive a reload. */
export function ErrorScreen({ children }: { readonly children: ReactNode }) {
  return <ErrorBoundary fallback={<Crashed />}>{children}</ErrorBoundary>;
}

function Crashed() {
  const { text } = useTexts();
  return (
    <main className="flex h-full flex-col items-center justify-center gap-4 p-6 text-center">
      <h1 className="font-display text-3xl tracking-tight">{text('page.crashed')}</h1>
      <p className="max-w-sm text-ink-soft">{text('page.crashed-advice')}</p>
      <Button look="primary" onClick={() => location.reload()}>
        {text('page.reload')}
      </Button>
    </main>
  );
}
