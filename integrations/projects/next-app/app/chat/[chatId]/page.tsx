import { TRPCClientError } from '@trpc/client';
import { notFound } from 'next/navigation';
import { Chat } from '../../../components/chat';
import { currentUser } from '../../../lib/current-user';
import { parley } from '../../../lib/parley';

/** The title comes with the page; what is said is followed by the client component below it. */
export default async function ChatPage({ params }: PageProps<'/chat/[chatId]'>) {
  const { chatId } = await params;
  const chat = await findChat(chatId);
  // A secret key reaches the chats of all users: whose this one is has to be asked here.
  if (chat?.userId !== (await currentUser())) notFound();
  return (
    <main>
      <h1>{chat.title ?? 'A new chat'}</h1>
      <Chat chatId={chat.id} />
    </main>
  );
}

async function findChat(chatId: string) {
  try {
    return await parley.chat.get.query({ chatId, withMessages: false });
  } catch (error) {
    if (error instanceof TRPCClientError && error.data?.httpStatus === 404) return undefined;
    throw error;
  }
}
