import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compileTexts } from './compile-texts.ts';
import { precompress } from './precompress.ts';

/** The server for `npm run dev` of this app. The built page is served by it and needs no proxy. */
const server = 'http://127.0.0.1:3000';

/**
 * Packages whose build for browsers needs the DOM, which workers do not have, with their build for all platforms.
 */
const withoutDom = Object.fromEntries(
  ['decode-named-character-reference', 'hast-util-from-html-isomorphic'].map((name) => [
    name,
    fileURLToPath(import.meta.resolve(name)),
  ]),
);

export default defineConfig(({ command }) => ({
  base: '/',
  // Vite's own server does not bundle workers, so the page gets these builds there too.
  resolve: { alias: command === 'serve' ? withoutDom : {} },
  worker: {
    format: 'es',
    plugins: () => [
      { name: 'without-dom', enforce: 'pre', resolveId: (source: string) => withoutDom[source] },
    ],
  },
  plugins: [react(), tailwindcss(), compileTexts(), precompress()],
  build: {
    outDir: 'dist',
    // The polyfill would be an inline script, and all supported browsers preload modules.
    modulePreload: { polyfill: false },
    // The page's security policy does not allow `data:` URLs, so fonts and images stay separate files.
    assetsInlineLimit: 0,
    manifest: true,
    rolldownOptions: { input: ['index.html', 'embed.html'] },
  },
  server: { proxy: { '/trpc': { target: server }, '/web': { target: server } } },
}));
