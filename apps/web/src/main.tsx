import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ErrorScreen } from './error-screen.tsx';
import './styles.css';
import { openTexts } from './texts/texts.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

await openTexts();
createRoot(root).render(
  <StrictMode>
    <ErrorScreen>
      <App />
    </ErrorScreen>
  </StrictMode>,
);
