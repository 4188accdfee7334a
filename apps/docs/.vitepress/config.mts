import { defineConfig } from 'vitepress';
import llmstxt from 'vitepress-plugin-llms';
import { sections } from '../src/site-pages.ts';
import { stagePages } from '../src/stage-pages.ts';

const description = 'The open-source, self-hosted Chat API for AI agents: guide, recipes, reference.';

await stagePages();

export default defineConfig({
  base: '/docs/',
  srcDir: 'pages',
  outDir: 'dist',
  title: 'Parley',
  lang: 'en',
  description,
  cleanUrls: true,
  // `/docs/reference` is a page of the server.
  ignoreDeadLinks: [/^\/reference/],
  // What is in every page is in a file: a page has few scripts of its own, and its policy names them.
  metaChunk: true,
  head: [['link', { rel: 'icon', href: '/docs/favicon.svg', type: 'image/svg+xml' }]],
  themeConfig: {
    search: { provider: 'local' },
    outline: 'deep',
    nav: [
      { text: 'Guide', link: '/guide/five-minutes', activeMatch: '/guide/' },
      { text: 'Recipes', link: '/recipes/curl', activeMatch: '/recipes/' },
      { text: 'Operate', link: '/operate' },
      { text: 'API reference', link: '/reference', target: '_self' },
    ],
    sidebar: sections.map(({ text, pages }) => ({
      text,
      items: [
        ...(text === 'Reference' ? [{ text: 'The API', link: '/reference', target: '_self' }] : []),
        ...pages.map((page) => ({ text: page.text, link: `/${page.at.replace(/index$/, '')}` })),
      ],
    })),
  },
  vite: {
    // Its types are of another Vite than the one that VitePress brings.
    plugins: [llmstxt({ domain: '', title: 'Parley', description, generateLLMsFullTxt: true }) as never],
  },
});
