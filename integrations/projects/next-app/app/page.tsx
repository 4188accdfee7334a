import Link from 'next/link';
import { NewChat } from '../components/new-chat';
import { currentUser } from '../lib/current-user';
import { parley } from '../lib/parley';

/** A server component: the user's chats are in the page as it arrives. */
export default async function Chats() {
  const userId = await currentUser();
  const [{ chats }, { agents }] = await Promise.all([
    parley.chat.list.query({ userId, limit: 20 }),
    parley.agent.list.query({}),
  ]);
  return (
    <main>
      <h1>Your chats</h1>
      <ul>
        {chats.map(({ id, title }) => (
          <li key={id}>
            <Link href={`/chat/${id}`}>{title ?? 'A new chat'}</Link>
          </li>
        ))}
      </ul>
      {agents.map(({ id, name }) => (
        <NewChat key={id} agentId={id} name={name} />
      ))}
    </main>
  );
}
