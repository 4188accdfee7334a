import { ParleyProvider } from '@parley/client/react';
import { Route, Switch } from 'wouter';
import { ChatNotFound } from './chat/chat-not-found.tsx';
import { ChatPage } from './chat/chat-page.tsx';
import { AppShell } from './layout/app-shell.tsx';
import { LiveRegion } from './lib/live-region.tsx';
import { NewChatPage } from './new-chat/new-chat-page.tsx';
import { parley } from './parley.ts';
import { SessionGate } from './session-gate.tsx';
import { TooltipProvider } from './ui/tooltip.tsx';

export function App() {
  return (
    <ParleyProvider parley={parley}>
      <TooltipProvider delayDuration={500}>
        <SessionGate>
          <AppShell>
            <Switch>
              <Route path="/">
                <NewChatPage />
              </Route>
              <Route path="/c/:chatId">{({ chatId }) => <ChatPage key={chatId} chatId={chatId} />}</Route>
              <Route>
                <ChatNotFound />
              </Route>
            </Switch>
          </AppShell>
        </SessionGate>
        <LiveRegion />
      </TooltipProvider>
    </ParleyProvider>
  );
}
