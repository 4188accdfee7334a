import { useCallback, useState } from 'react';
import { focusedControl, isFocusLost } from '../lib/focused-control.ts';

/**
 * Returns a handler for `onCloseAutoFocus` that moves the focus back to the control that had it when the calling
 * component was mounted, unless the focus has moved on.
 */
export function useReturnedFocus(): (event: Event) => void {
  const [opener] = useState(focusedControl);
  return useCallback(
    (event) => {
      event.preventDefault();
      if (isFocusLost() && opener?.isConnected) opener.focus();
    },
    [opener],
  );
}
