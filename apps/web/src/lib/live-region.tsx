import { memo } from 'react';
import { regionId } from './announce.ts';

/** The live region of `announce`. It is never rendered again, because React does not know its text. */
export const LiveRegion = memo(function LiveRegion() {
  return <div id={regionId} role="status" aria-live="polite" className="sr-only" />;
});
