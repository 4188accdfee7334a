import type { ReactNode } from 'react';
import { ErrorBoundary } from './lib/error-boundary.tsx';
import { Button } from './ui/button.tsx';

/** Shown when the page crashes. Drafts and unsent messages are stored and survive a reload. */
export function ErrorScreen({ children }: { readonly children: ReactNode }) {
  return <ErrorBoundary fallback={<Crashed />}>{children}</ErrorBoundary>;
}

function Crashed() {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-4 p-6 text-center">
      <h1 className="font-display text-3xl tracking-tight">Something went wrong</h1>
      <p className="max-w-sm text-ink-soft">
        This page stopped working. What you typed is saved. Reload the page to continue.
      </p>
      <Button look="primary" onClick={() => location.reload()}>
        Reload
      </Button>
    </main>
  );
}
