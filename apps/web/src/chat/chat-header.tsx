import { type OneChat, trpc } from '@parley/client/react';
import { useLocation } from 'wouter';
import { ChatMenu } from '../chats/chat-menu.tsx';
import { titleOf } from '../chats/title-of.ts';
import { useEmbed } from '../embed/embed-context.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Avatar } from '../ui/avatar.tsx';

/** The title of the chat, its agent and its menu. */
export function ChatHeader({ one: { chat } }: { readonly one: OneChat }) {
  const { text } = useTexts();
  const [, navigate] = useLocation();
  const embed = useEmbed();
  const agentName = useAgentName(chat?.agentId);
  return (
    <PageHeader actions={chat && <ChatMenu chat={chat} onDelete={() => navigate('/')} />}>
      {embed?.avatar && <Avatar address={embed.avatar} className="size-6 self-center" />}
      <h1 dir="auto" className="min-w-0 truncate font-medium outline-none" tabIndex={-1}>
        {chat ? titleOf(chat, text) : <span className="sr-only">{text('chat.heading')}</span>}
      </h1>
      {agentName && <p className="hidden shrink-0 text-sm text-ink-soft sm:block">{agentName}</p>}
    </PageHeader>
  );
}

/** Returns the agent's name if the team has more than one agent. */
function useAgentName(agentId: string | undefined): string | undefined {
  const agents = trpc.agent.list.useQuery({}, { staleTime: 60_000 }).data?.agents ?? [];
  return agents.length > 1 ? agents.find(({ id }) => id === agentId)?.name : undefined;
}
