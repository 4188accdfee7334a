import './dom.ts';
import { cleanup, configure, renderHook } from '@testing-library/react';
import { type ReactNode, StrictMode } from 'react';
import { onTestFinished } from 'vitest';
import type { Parley } from '../../src/index.ts';
import { ParleyProvider } from '../../src/react/index.ts';

// The server runs in this process too, and the `openai` package rejects to run where it finds a `navigator`.
// React reads `navigator` only while it is loaded.
Reflect.deleteProperty(globalThis, 'navigator');
configure({ asyncUtilTimeout: 20_000 });

/** Renders hooks below a provider in React's strict mode, which runs everything twice. */
export function renderHooks<Result>(parley: Parley, useHooks: () => Result) {
  onTestFinished(cleanup);
  const wrapper = ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <ParleyProvider parley={parley}>{children}</ParleyProvider>
    </StrictMode>
  );
  return renderHook(useHooks, { wrapper });
}
