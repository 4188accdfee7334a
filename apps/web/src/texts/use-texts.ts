import { useSyncExternalStore } from 'react';
import { currentTexts, readLanguageChoice, subscribeTexts } from './texts.ts';

/** Returns the texts in the language of the page. */
export const useTexts = () => useSyncExternalStore(subscribeTexts, currentTexts);
/** Returns the language that the user chose. */
export const useLanguageChoice = () => useSyncExternalStore(subscribeTexts, readLanguageChoice);
