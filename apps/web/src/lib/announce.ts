/** Says something to screen readers, politely: after what they are reading now. */
export function announce(text: string): void {
  const region = document.getElementById(regionId);
  if (!region) return;
  // The same words twice are no change to a live region: an empty moment between them makes them one.
  region.textContent = '';
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}

/** The one live region's id, see `live-region.tsx`. */
export const regionId = 'announcements';
