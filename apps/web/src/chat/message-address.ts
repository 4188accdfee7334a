import { useCallback, useEffect, useMemo, useState } from 'react';
import { useLocation, useSearch } from 'wouter';

/** The message that the address of a page names: `/c/<chat>?message=<message>`. A new object each time it is opened. */
export interface TargetMessage {
  readonly messageId: string;
}

interface Place {
  readonly chatId: string;
  readonly messageId?: string | undefined;
}

const opened = new EventTarget();

/** Returns a function that opens a chat, at a message if it is given. With `replace` it takes the current entry of the history. */
export function useOpenMessage(): (place: Place, options: { readonly replace: boolean }) => void {
  const [, navigate] = useLocation();
  return useCallback(
    ({ chatId, messageId }, options) => {
      navigate(`/c/${chatId}${messageId === undefined ? '' : `?message=${messageId}`}`, options);
      opened.dispatchEvent(new Event('open'));
    },
    [navigate],
  );
}

/** Returns the message that the page's address names. Opening the same message again is noticed too. */
export function useTargetMessage(): TargetMessage | undefined {
  const messageId = new URLSearchParams(useSearch()).get('message');
  const [visit, setVisit] = useState(0);
  useEffect(() => {
    const onOpen = () => setVisit((number) => number + 1);
    opened.addEventListener('open', onOpen);
    return () => opened.removeEventListener('open', onOpen);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each visit is a new target.
  return useMemo(() => (messageId === null ? undefined : { messageId }), [messageId, visit]);
}
