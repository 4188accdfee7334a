// Applies the appearance that the embedding site chose, before the first paint. See theme.js for the chat page.
(() => {
  const asked = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`);
  const root = document.documentElement;
  const theme = asked.get('theme');
  root.dataset.theme = theme === 'light' || theme === 'dark' ? theme : 'system';
  root.classList.toggle(
    'dark',
    theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches),
  );
  const [accent, ink] = [asked.get('accent') ?? '', asked.get('ink') ?? ''];
  if (![accent, ink].every((colour) => /^#[0-9a-f]{6}$/i.test(colour))) return;
  root.style.setProperty('--accent', accent);
  root.style.setProperty('--accent-hover', `color-mix(in oklch, ${accent} 88%, ${ink})`);
  root.style.setProperty('--on-accent', ink);
})();
