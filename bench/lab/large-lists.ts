import { limits } from '@parley/contract';
import type { LargeList } from '../load/beside.ts';
import { expectEqual } from '../load/expect.ts';
import type { Target } from '../load/task.ts';
import type { ServerSubject } from './lab.ts';
import { makeTeam } from './make-team.ts';
import type { OpenMongo } from './open-mongo.ts';
import { ownerOf, seedChats, seedConversations } from './seed.ts';

/** A little less than the bound, which is of 16 MiB. */
const BYTES = limits.chatTextBytesMax * 0.98;
/** The approximate size of a chat in a list, without its metadata. */
const CHAT_BYTES = 210;
const METADATA_FIELDS = 10;

/** The largest lists the server answers, of a team made for them: its chats, and the messages of one of them. */
export async function largeLists(
  mongo: OpenMongo,
  server: ServerSubject,
): Promise<{ readonly target: Target; readonly lists: readonly LargeList[] }> {
  const team = await makeTeam(mongo, server, 'Of large lists');
  const owner = ownerOf(team);
  const turns = limits.chatMessagesMax / 2;
  const messageLength = Math.floor(BYTES / limits.chatMessagesMax);
  const [longChat] = await seedConversations(mongo, owner, { chats: 1, turns, messageLength });
  await seedChats(mongo, owner, limits.chatListMax - 1, metadataOf(BYTES / limits.chatListMax - CHAT_BYTES));
  const { target } = team;
  return {
    target,
    lists: [
      await listAt(target, '/chat', ({ chats }) => chats.length === limits.chatListMax),
      await listAt(target, `/chat/${longChat}`, ({ messages }) => messages.length === limits.chatMessagesMax),
    ],
  };
}

function metadataOf(bytes: number): object {
  const field = Math.floor(bytes / METADATA_FIELDS);
  return Object.fromEntries(
    Array.from({ length: METADATA_FIELDS }, (_, index) => {
      const name = `field_${index}`;
      return [name, 'What is known of this visitor. '.repeat(field).slice(0, field - name.length - 6)];
    }),
  );
}

interface Answer {
  readonly chats: readonly object[];
  readonly messages: readonly object[];
  readonly nextCursor?: string;
}

/** @throws Error when the list is not complete, or not as large as it should be */
async function listAt(
  { url, key }: Target,
  path: string,
  isComplete: (answer: Answer) => boolean,
): Promise<LargeList> {
  const response = await fetch(url + path, { headers: { 'x-api-key': key } });
  const text = await response.text();
  const answer = JSON.parse(text) as Answer;
  const bytesMin = 0.95 * limits.chatTextBytesMax;
  expectEqual(
    [response.status, isComplete(answer), answer.nextCursor, text.length > bytesMin],
    [200, true, undefined, true],
  );
  return { path, bytesMin };
}
