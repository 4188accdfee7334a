// Runs before anything is painted, so that the page never flashes in the wrong colours. It is a file of its
// own because the page's policy allows no inline script. `src/theme/theme.ts` goes on from here.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('parley.theme');
  } catch {
    // Storage is blocked: the system's choice is followed.
  }
  const isDark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', isDark ? '#131717' : '#fbfbf9');
})();
