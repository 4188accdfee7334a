/** Focuses the dialog itself, so that none of its controls looks selected. */
export function focusDialogItself(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
}
