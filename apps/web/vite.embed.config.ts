import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

/** Builds `/embed.js`, one classic script, after `vite.config.ts` has built the page. */
export default defineConfig({
  plugins: [precompress({ only: 'embed.js' })],
  publicDir: false,
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
