// Applies the theme before the first paint, so that the page does not flash in the wrong colors. It is a separate
// file because the page's policy allows no inline scripts. `src/theme/theme.ts` handles later changes.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('parley.theme');
  } catch {
    // Storage is blocked, so use the system's theme.
  }
  const isDark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', isDark ? '#131717' : '#fbfbf9');
})();
