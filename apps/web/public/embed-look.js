// Runs before anything is painted, as theme.js does in the chat page: how the site that frames the chat wants it to look.
(() => {
  const asked = new URLSearchParams(location.search);
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
