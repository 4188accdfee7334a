import { useDeleteChat, useParley } from '@parley/client/react';
import { type ReactNode, useEffect, useRef, useState } from 'react';

/** The area of the undo buttons. Deletes wait while it has the pointer or the focus. */
export function UndoArea({ children }: { readonly children: ReactNode }) {
  const { deletes } = useParley();
  const { pending } = useDeleteChat();
  const area = useRef<HTMLDivElement>(null);
  const [hasPointer, setHasPointer] = useState(false);
  const [hasFocus, setHasFocus] = useState(false);

  useEffect(() => {
    const events = new AbortController();
    const { signal } = events;
    const isInside = (target: EventTarget | null) =>
      target instanceof Node && area.current?.contains(target) === true;
    // The document hears when the pointer has left a button that was removed; the button itself does not.
    document.addEventListener('pointerover', ({ target }) => setHasPointer(isInside(target)), { signal });
    document.addEventListener(
      'pointerout',
      ({ relatedTarget }) => relatedTarget === null && setHasPointer(false),
      { signal },
    );
    document.addEventListener('focusin', ({ target }) => setHasFocus(isInside(target)), { signal });
    document.addEventListener(
      'focusout',
      ({ relatedTarget }) => relatedTarget === null && setHasFocus(false),
      { signal },
    );
    return () => events.abort();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a removed button loses the focus without an event.
  useEffect(() => {
    setHasFocus(area.current?.contains(document.activeElement) === true);
  }, [pending]);

  const isHeld = (hasPointer || hasFocus) && pending.length > 0;
  useEffect(() => (isHeld ? deletes.pause() : undefined), [isHeld, deletes]);

  return (
    <div ref={area} className="contents">
      {children}
    </div>
  );
}
