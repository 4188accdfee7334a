import { useSyncExternalStore } from 'react';
import { isDark, readThemeChoice, subscribeTheme, type ThemeChoice } from './theme.ts';

export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribeTheme, readThemeChoice);
export const useIsDark = (): boolean => useSyncExternalStore(subscribeTheme, isDark);
