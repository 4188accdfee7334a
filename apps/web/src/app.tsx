import { ParleyProvider } from '@parley/client/react';
import { LiveRegion } from './lib/live-region.tsx';
import { Pages } from './pages.tsx';
import { parley } from './parley.ts';
import { SessionGate } from './session-gate.tsx';
import { TooltipProvider } from './ui/tooltip.tsx';

/** The chat page with its client, tooltips and screen reader announcements. */
export function App() {
  return (
    <ParleyProvider parley={parley}>
      <TooltipProvider delayDuration={500}>
        <SessionGate>
          <Pages />
        </SessionGate>
        <LiveRegion />
      </TooltipProvider>
    </ParleyProvider>
  );
}
