import type { TranscriptEntry } from '@parley/client';
import { useEffect, useRef, useState } from 'react';
import { type TargetMessage, useTargetMessage } from './message-address.ts';

interface ArrivalProps {
  readonly entries: readonly TranscriptEntry[];
  readonly loadBackTo: (messageId: string) => Promise<boolean>;
  /** Ends following the end of the conversation. */
  readonly stopFollowing: () => void;
  readonly scrollToEntry: (index: number) => void;
}

/** The loaded target. If the chat does not show it, the page goes to the message before it. */
interface Loaded {
  readonly target: TargetMessage;
  readonly isShown: boolean;
}

/** Goes to the message that the page's address names. Returns it with its entry once it is loaded. */
export function useArrival({ entries, loadBackTo, stopFollowing, scrollToEntry }: ArrivalProps) {
  const target = useTargetMessage();
  const [loaded, setLoaded] = useState<Loaded>();
  const arrived = useRef<TargetMessage>(undefined);

  useEffect(() => {
    if (!target) return;
    let isWanted = true;
    stopFollowing();
    void loadBackTo(target.messageId).then((isShown) => {
      if (isWanted) setLoaded({ target, isShown });
    });
    return () => {
      isWanted = false;
    };
  }, [target, loadBackTo, stopFollowing]);

  const index = loaded && loaded.target === target ? placeOf(entries, loaded) : -1;
  useEffect(() => {
    if (index === -1 || arrived.current === target) return;
    arrived.current = target;
    stopFollowing();
    scrollToEntry(index);
  }, [index, target, stopFollowing, scrollToEntry]);

  const key = loaded?.isShown ? entries[index]?.key : undefined;
  return key === undefined || !target ? undefined : { key, target };
}

function placeOf(entries: readonly TranscriptEntry[], { target: { messageId }, isShown }: Loaded): number {
  return isShown
    ? entries.findIndex((entry) => entry.messageId === messageId)
    : entries.findLastIndex((entry) => entry.messageId !== undefined && entry.messageId <= messageId);
}
