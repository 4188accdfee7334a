import { Route, Switch } from 'wouter';
import { ChatPage } from './chat/chat-page.tsx';
import { AppShell } from './layout/app-shell.tsx';
import { NewChatPage } from './new-chat/new-chat-page.tsx';
import { PageNotFound } from './page-not-found.tsx';

/** The routes of the app, inside its frame. */
export function Pages() {
  return (
    <AppShell>
      <Switch>
        <Route path="/">
          <NewChatPage />
        </Route>
        <Route path="/c/:chatId">{({ chatId }) => <ChatPage key={chatId} chatId={chatId} />}</Route>
        <Route>
          <PageNotFound />
        </Route>
      </Switch>
    </AppShell>
  );
}
