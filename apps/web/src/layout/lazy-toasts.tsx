import { useDeleteChat } from '@parley/client/react';
import { useState } from 'react';
import { toastsModule } from '../chats/toasts-module.ts';
import { useLazyModule } from '../lib/use-lazy-module.ts';

/** Loads the toasts when the first one is needed. */
export function LazyToasts() {
  const { pending, errors } = useDeleteChat();
  const [isWanted, setIsWanted] = useState(false);
  if (!isWanted && (pending.length > 0 || errors.size > 0)) setIsWanted(true);
  const loaded = useLazyModule(toastsModule, isWanted);
  return loaded ? <loaded.Toasts /> : null;
}
