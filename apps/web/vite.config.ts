import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

/** The server that `npm run dev` of this app talks to; the built page is served by it and needs no proxy. */
const server = 'http://127.0.0.1:3000';

export default defineConfig({
  base: '/',
  plugins: [react(), tailwindcss(), precompress()],
  build: {
    outDir: 'dist',
    // The polyfill would be an inline script, and every browser this page is built for preloads modules.
    modulePreload: { polyfill: false },
    // Fonts and images stay files of their own: the page's policy allows no `data:`.
    assetsInlineLimit: 0,
    manifest: true,
    rolldownOptions: { input: ['index.html', 'embed.html'] },
  },
  server: { proxy: { '/trpc': { target: server }, '/web': { target: server } } },
});
