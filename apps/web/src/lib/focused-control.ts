/**
 * Returns the focused control, to return the focus to it later. For an entry of a menu it returns the button of the menu,
 * because the entry disappears with its menu.
 */
export function focusedControl(): HTMLElement | null {
  const focused = document.activeElement;
  const menu = focused?.closest('[role="menu"]');
  const control = menu ? document.getElementById(menu.getAttribute('aria-labelledby') ?? '') : focused;
  return control instanceof HTMLElement ? control : null;
}

/** Returns true if no control has the focus, for example because the focused one was removed. */
export function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
