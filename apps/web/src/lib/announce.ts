/** Announces a text to screen readers without interrupting them. */
export function announce(text: string): void {
  const region = document.getElementById(regionId);
  if (!region) return;
  // Repeating the same text is not a change, so clear it first.
  region.textContent = '';
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}

/** The element id of the live region in `live-region.tsx`. */
export const regionId = 'announcements';
