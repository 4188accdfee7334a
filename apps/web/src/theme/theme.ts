import { readLocal, writeLocal } from '../lib/local-store.ts';

/** The color theme that the user chose. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const storedAt = 'parley.theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

/** Returns the stored choice. */
export function readThemeChoice(): ThemeChoice {
  // An embedded chat uses the theme of the embedding page.
  const stored = document.documentElement.dataset['theme'] ?? readLocal(storedAt);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** Returns true if the page is shown dark. */
export function isDark(): boolean {
  const choice = readThemeChoice();
  return choice === 'dark' || (choice === 'system' && systemIsDark.matches);
}

/** Stores a choice and applies it. */
export function chooseTheme(choice: ThemeChoice): void {
  writeLocal(storedAt, choice === 'system' ? null : choice);
  showTheme();
}

/**
 * Calls `listener` when the theme changes here, in another tab or in the system. Returns a function that
 * stops this.
 */
export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Applies the theme, like `public/theme.js` does before the first paint. */
function showTheme(): void {
  document.documentElement.classList.toggle('dark', isDark());
  document
    .querySelector('meta[name="theme-color"]')
    ?.setAttribute('content', isDark() ? '#131717' : '#fbfbf9');
  for (const listener of listeners) listener();
}

systemIsDark.addEventListener('change', showTheme);
window.addEventListener('storage', ({ key }) => {
  if (key === storedAt || key === null) showTheme();
});
