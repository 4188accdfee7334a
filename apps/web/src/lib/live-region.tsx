import { memo } from 'react';
import { regionId } from './announce.ts';

/** Where `announce` speaks. It is never rendered again, because React knows nothing of its text. */
export const LiveRegion = memo(function LiveRegion() {
  return <div id={regionId} role="status" aria-live="polite" className="sr-only" />;
});
