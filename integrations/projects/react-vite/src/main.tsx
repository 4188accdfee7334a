import { createParley } from '@parley/client';
import { ParleyProvider } from '@parley/client/react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

// A publishable key is made for pages: everyone who opens the page can read it.
const parley = createParley({
  url: import.meta.env['VITE_PARLEY_URL'],
  apiKey: import.meta.env['VITE_PARLEY_KEY'],
});
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(
  <ParleyProvider parley={parley}>
    <App />
  </ParleyProvider>,
);
