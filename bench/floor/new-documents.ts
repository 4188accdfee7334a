import type { ChatDocument, TurnDocument } from './documents.ts';
import { floorId } from './floor-id.ts';

export function newChat(
  team: string,
  agent: string,
  { userId, metadata }: { userId?: string | undefined; metadata?: object | undefined },
): ChatDocument {
  const createdAt = new Date();
  return {
    _id: floorId('chat_'),
    team,
    agent,
    agentType: 'assistant',
    ...(userId !== undefined && { user: userId }),
    ...(metadata && { metadata: JSON.stringify(metadata) }),
    createdAt,
    updatedAt: createdAt,
  };
}

/** The requester, which the server stores with each turn. */
const KEY = floorId('key_');

const TITLE_LENGTH_MAX = 80;
const TITLE_WORDS_MAX = 8;
const BEGINNING_LENGTH_MAX = 8;

/** The title of a chat after its first message, and the words for its search. */
export function titleOf(content: string): Required<Pick<ChatDocument, 'title' | 'titleBeginnings'>> {
  const whole = content.length <= TITLE_LENGTH_MAX;
  const cut = content.slice(0, TITLE_LENGTH_MAX - 1);
  const title = whole ? content : `${cut.slice(0, cut.lastIndexOf(' '))}…`;
  const words = (title.toLowerCase().match(/\w+/g) ?? []).slice(0, TITLE_WORDS_MAX);
  const spelled = words.flatMap((word) => [word, ...word.split('_')]);
  const beginnings = spelled.flatMap((word) =>
    Array.from(word.slice(0, BEGINNING_LENGTH_MAX), (_, index) => word.slice(0, index + 1)),
  );
  return { title, titleBeginnings: [...new Set(beginnings)] };
}

export function newTurn(team: string, chat: string, sequence: number, content: string): TurnDocument {
  const createdAt = new Date();
  return {
    _id: floorId('turn_'),
    team,
    chat,
    sequence,
    status: 'generating',
    lease: { token: floorId('req_'), attempt: 1, renewals: 0 },
    takeovers: 0,
    messages: [{ id: floorId('msg_'), role: 'user', content, createdAt }],
    answerId: floorId('msg_'),
    usage: [],
    spender: { key: KEY },
    origin: { isPrivileged: true },
    createdAt,
  };
}
