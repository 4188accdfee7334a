import { readLocal, writeLocal } from '../lib/local-store.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const storedAt = 'parley.theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

export function readThemeChoice(): ThemeChoice {
  // In a frame the page around it decides.
  const stored = document.documentElement.dataset['theme'] ?? readLocal(storedAt);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function isDark(): boolean {
  const choice = readThemeChoice();
  return choice === 'dark' || (choice === 'system' && systemIsDark.matches);
}

export function chooseTheme(choice: ThemeChoice): void {
  writeLocal(storedAt, choice === 'system' ? null : choice);
  showTheme();
}

/** Told when the choice changes here, in another tab, or in the system. */
export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What `public/theme.js` did before the first paint, done again after each change. */
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
