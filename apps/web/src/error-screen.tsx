import { Component, type ReactNode } from 'react';
import { Button } from './ui/button.tsx';

/** What is left when the page itself breaks: a way to start it again. Drafts and sends are stored, nothing is lost. */
export class ErrorScreen extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <main className="flex h-full flex-col items-center justify-center gap-4 p-6 text-center">
        <h1 className="font-display text-3xl tracking-tight">This page has stopped working</h1>
        <p className="max-w-sm text-ink-soft">
          That is a mistake of ours. What you wrote is kept; reload the page to go on.
        </p>
        <Button look="primary" onClick={() => location.reload()}>
          Reload
        </Button>
      </main>
    );
  }
}
