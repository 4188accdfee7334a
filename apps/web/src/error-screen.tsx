import { Component, type ReactNode } from 'react';
import { Button } from './ui/button.tsx';

/** Shown when the page crashes. Drafts and unsent messages are stored and survive a reload. */
export class ErrorScreen extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
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
}
