import { useConnection } from '@parley/client/react';
import { WifiOff } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { announce } from '../lib/announce.ts';
import { currentTexts } from '../texts/texts.ts';
import { useTexts } from '../texts/use-texts.ts';

/** Shown while the device is offline. */
export function OfflineBanner() {
  const { text } = useTexts();
  const { isOnline } = useConnection();
  const was = useRef(isOnline);
  useEffect(() => {
    if (was.current !== isOnline) announce(currentTexts().text(isOnline ? 'page.online' : 'page.offline'));
    was.current = isOnline;
  }, [isOnline]);
  if (isOnline) return null;
  return (
    <p className="flex print:hidden shrink-0 items-center justify-center gap-2 bg-notice-wash px-4 py-2 text-center text-sm">
      <WifiOff aria-hidden className="size-4 shrink-0" />
      {text('page.offline-advice')}
    </p>
  );
}
