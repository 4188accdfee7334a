import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';
import { loaderTextsOf } from './src/embed/loader-texts.ts';
import { de } from './src/texts/de.ts';
import { en } from './src/texts/en.ts';
import type { Language } from './src/texts/languages.ts';

const texts: Readonly<Record<Language, object>> = { en: loaderTextsOf(en), de: loaderTextsOf(de) };

/** Builds `/embed.js`, one classic script, after `vite.config.ts` has built the page. */
export default defineConfig({
  plugins: [precompress({ only: 'embed.js' })],
  publicDir: false,
  define: { LOADER_TEXTS: JSON.stringify(texts) },
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    lib: {
      entry: 'src/embed/loader.ts',
      formats: ['iife'],
      name: 'parleyLoader',
      fileName: () => 'embed.js',
    },
  },
});
