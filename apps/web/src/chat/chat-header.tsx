import { type OneChat, trpc } from '@parley/client/react';
import { useLocation } from 'wouter';
import { ChatMenu } from '../chats/chat-menu.tsx';
import { titleOf } from '../chats/title-of.ts';
import { PageHeader } from '../layout/page-header.tsx';

/** Names the chat and its agent, and holds what can be done with it. */
export function ChatHeader({ one: { chat } }: { readonly one: OneChat }) {
  const [, navigate] = useLocation();
  const agentName = useAgentName(chat?.agentId);
  return (
    <PageHeader actions={chat && <ChatMenu chat={chat} onDelete={() => navigate('/')} />}>
      <h1 className="min-w-0 truncate font-medium outline-none" tabIndex={-1}>
        {chat ? titleOf(chat) : <span className="sr-only">Chat</span>}
      </h1>
      {agentName && <p className="hidden shrink-0 text-sm text-ink-soft sm:block">{agentName}</p>}
    </PageHeader>
  );
}

/** Worth telling only where there is more than one to choose from. */
function useAgentName(agentId: string | undefined): string | undefined {
  const agents = trpc.agent.list.useQuery({}, { staleTime: 60_000 }).data?.agents ?? [];
  return agents.length > 1 ? agents.find(({ id }) => id === agentId)?.name : undefined;
}
