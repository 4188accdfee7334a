import { createParley, guestToken } from '@parley/client';
import { ParleyProvider } from '@parley/client/react';
import { type ReactNode, StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { composerId } from '../composer/composer.tsx';
import { ErrorScreen } from '../error-screen.tsx';
import { focusOnArrival } from '../layout/use-focus-on-arrival.ts';
import { LiveRegion } from '../lib/live-region.tsx';
import { readLocal, writeLocal } from '../lib/local-store.ts';
import { Pages } from '../pages.tsx';
import { openTexts } from '../texts/texts.ts';
import { TooltipProvider } from '../ui/tooltip.tsx';
import { askedOf } from './asked.ts';
import { EmbedContext } from './embed-context.ts';
import { openHost } from './host.ts';
import { Refused } from './refused.tsx';
import '../styles.css';

/*
 * The embedded chat with the publishable key of another site: `/embed?key=pk_…`. If the key does not work on the page that
 * embeds it, the server marks the page as refused: then every page may embed it, and it contains no chat.
 */

/** More would cover the message box on phones. */
const startersMax = 6;

const root = document.getElementById('root');
if (!root) throw new Error('embed.html has no #root');

const asked = askedOf(location);
const title = asked.get('title') || undefined;
const [host] = await Promise.all([openHost(), openTexts(asked.get('lang') ?? undefined)]);
window.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented) host.close();
});
const isRefused = document.documentElement.dataset['refused'] !== undefined;
const content = isRefused ? refuse() : await openChat();

createRoot(root).render(
  <StrictMode>
    <ErrorScreen>{content}</ErrorScreen>
  </StrictMode>,
);

function refuse(): ReactNode {
  // biome-ignore lint/suspicious/noConsole: developers of the embedding page look for the reason there.
  console.error(
    `Parley: the key does not work on ${asked.get('origin')}. It may be unknown, revoked or expired, or its origins do not include this page.`,
  );
  return <Refused title={title} onClose={host.close} />;
}

async function openChat(): Promise<ReactNode> {
  const apiKey = asked.get('key') ?? '';
  const guest = guestToken({ url: '', apiKey });
  const parley = createParley({ url: '', apiKey, userToken: host.hasUserToken ? host.userToken : guest });

  // Open the chat that the visitor last had open.
  const storedAt = `parley.embed.${apiKey.slice(0, 12)}`;
  const stored = readLocal(storedAt) ?? '/';
  const { hook, searchHook, navigate } = memoryLocation({ path: stored.startsWith('/c/') ? stored : '/' });
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

  const embed = {
    title,
    agentId: asked.get('agent') ?? undefined,
    greeting: asked.get('greeting') || undefined,
    starters: startersOf(asked.get('starters') ?? ''),
    avatar: asked.get('avatar') || undefined,
    close: host.close,
    notifyAnswered: host.notifyAnswered,
  };
  return (
    <EmbedContext value={embed}>
      <ParleyProvider parley={parley}>
        <TooltipProvider delayDuration={500}>
          <Router hook={useStoredLocation} searchHook={searchHook}>
            <Pages />
          </Router>
          <LiveRegion />
        </TooltipProvider>
      </ParleyProvider>
    </EmbedContext>
  );
}

/** The questions are divided by `|`. */
function startersOf(text: string): readonly string[] {
  return text
    .split('|')
    .map((starter) => starter.trim())
    .filter((starter) => starter !== '')
    .slice(0, startersMax);
}
