import { useSyncExternalStore } from 'react';
import { isDark, readThemeChoice, subscribeTheme, type ThemeChoice } from './theme.ts';

/** Returns the theme that the user chose. */
export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribeTheme, readThemeChoice);
/** Returns true if the page is shown dark. */
export const useIsDark = (): boolean => useSyncExternalStore(subscribeTheme, isDark);
