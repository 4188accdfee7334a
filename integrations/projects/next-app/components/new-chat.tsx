'use client';

import { useCreateChat } from '@parley/client/react';
import { useRouter } from 'next/navigation';
import { WithParley } from './parley-in-page';

interface Props {
  agentId: string;
  name: string;
}

export function NewChat(props: Props) {
  return (
    <WithParley>
      <NewChatButton {...props} />
    </WithParley>
  );
}

function NewChatButton({ agentId, name }: Props) {
  const { create, isCreating, error } = useCreateChat();
  const router = useRouter();
  const begin = async () => router.push(`/chat/${(await create({ agentId })).id}`);
  return (
    <>
      <button type="button" disabled={isCreating} onClick={begin}>
        Chat with {name}
      </button>
      {error && <p role="alert">{error.message}</p>}
    </>
  );
}
