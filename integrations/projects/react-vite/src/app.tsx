import { trpc, useCreateChat } from '@parley/client/react';
import { useState } from 'react';
import { Chat } from './chat.tsx';

/** Begins a chat with the first agent, and shows it. */
export function App() {
  const { data } = trpc.agent.list.useQuery({});
  const { create, isCreating, error } = useCreateChat();
  const [chatId, setChatId] = useState<string>();
  const agent = data?.agents[0];

  if (chatId) return <Chat chatId={chatId} />;
  if (error) return <p role="alert">{error.message}</p>;
  if (!agent) return <p>…</p>;
  const begin = async () => setChatId((await create({ agentId: agent.id })).id);
  return (
    <button type="button" disabled={isCreating} onClick={begin}>
      Chat with {agent.name}
    </button>
  );
}
