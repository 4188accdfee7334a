/** For dialogs that are read first: the focus goes to the whole, so that nothing in it looks chosen. */
export function focusDialogItself(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
}
