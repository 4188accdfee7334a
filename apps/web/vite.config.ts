import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { precompress } from './precompress.ts';

/** The server for `npm run dev` of this app. The built page is served by it and needs no proxy. */
const server = 'http://127.0.0.1:3000';

export default defineConfig({
  base: '/',
  plugins: [react(), tailwindcss(), precompress()],
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
});
