import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

/** `/embed.js`: one classic script, beside what `vite.config.ts` has built. */
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
