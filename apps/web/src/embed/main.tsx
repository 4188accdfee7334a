import { createParley, guestToken } from '@parley/client';
import { ParleyProvider } from '@parley/client/react';
import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { composerId } from '../composer/composer.tsx';
import { ErrorScreen } from '../error-screen.tsx';
import { focusOnArrival } from '../layout/use-focus-on-arrival.ts';
import { LiveRegion } from '../lib/live-region.tsx';
import { readLocal, writeLocal } from '../lib/local-store.ts';
import { Pages } from '../pages.tsx';
import { TooltipProvider } from '../ui/tooltip.tsx';
import { EmbedContext } from './embed-context.ts';
import { openHost } from './host.ts';
import '../styles.css';

/*
 * The embedded chat with the publishable key of another site: `/embed?key=pk_…`.
 */

const root = document.getElementById('root');
if (!root) throw new Error('embed.html has no #root');

const asked = new URLSearchParams(location.search);
const apiKey = asked.get('key') ?? '';
const host = await openHost();
const guest = guestToken({ url: '', apiKey });
const parley = createParley({ url: '', apiKey, userToken: host.hasUserToken ? host.userToken : guest });

// Open the chat that the visitor last had open.
const storedAt = `parley.embed.${apiKey.slice(0, 12)}`;
const stored = readLocal(storedAt) ?? '/';
const { hook, navigate } = memoryLocation({ path: stored.startsWith('/c/') ? stored : '/' });
const useStoredLocation: typeof hook = () => {
  const [path, go] = hook();
  useEffect(() => writeLocal(storedAt, path === '/' ? null : path), [path]);
  return [path, go];
};

host.onOpened(() => focusOnArrival(document.getElementById(composerId)));
host.onUserChanged(() => {
  navigate('/');
  parley.forgetUser();
});
// If the visitor was a guest before signing in, claim the guest's chats. If this fails, the next visit tries
// again.
const former = host.hasUserToken ? guest.kept() : undefined;
if (former !== undefined) await parley.claimGuest(former).then(guest.forget, () => undefined);

window.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented) host.close();
});

const embed = {
  title: asked.get('title') || 'Chat',
  agentId: asked.get('agent') ?? undefined,
  close: host.close,
  notifyAnswered: host.notifyAnswered,
};

createRoot(root).render(
  <StrictMode>
    <ErrorScreen>
      <EmbedContext value={embed}>
        <ParleyProvider parley={parley}>
          <TooltipProvider delayDuration={500}>
            <Router hook={useStoredLocation}>
              <Pages />
            </Router>
            <LiveRegion />
          </TooltipProvider>
        </ParleyProvider>
      </EmbedContext>
    </ErrorScreen>
  </StrictMode>,
);
