import { Tooltip as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { Keys } from './keys.tsx';
import { usePortalContainer } from './portal-container.ts';

/** Provides the shared settings of tooltips. */
export const TooltipProvider = Radix.Provider;

interface TooltipProps {
  readonly text: string;
  /** The keyboard shortcut for the same action. */
  readonly keys?: string | undefined;
  readonly children: ReactNode;
}

/** Explains a control without text. Its accessible name stays its own. */
export function Tooltip({ text, keys, children }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal {...usePortalContainer()}>
        <Radix.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex items-center gap-2 rounded-lg bg-ink px-2.5 py-1.5 text-xs text-canvas animate-fade"
        >
          {text}
          {keys && <Keys keys={keys} className="border-current/40 text-inherit" />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
