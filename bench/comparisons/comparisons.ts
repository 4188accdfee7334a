import type { Comparison } from './comparison.ts';
import type { ComparisonName } from './comparison-name.ts';
import { besideHostileAddress, besideLargeLists } from './first-hour.ts';
import { floorAndServer } from './floor-and-server.ts';
import { keepLog } from './keep-log.ts';
import { limitsCost } from './limits-cost.ts';
import { longChat } from './long-chat.ts';
import { manyChats } from './many-chats.ts';
import { openStream } from './open-stream.ts';
import { streamMessage } from './stream-message.ts';

export const comparisons: Readonly<Record<ComparisonName, Comparison>> = {
  'send-message': floorAndServer('send-message', 'A message turn (`POST /chat/:chatId/message`)'),
  'create-chat': floorAndServer('create-chat', 'Create a chat (`POST /chat`)'),
  'list-messages': floorAndServer('list-messages', 'List 20 messages (`GET /chat/:chatId/message`)'),
  'list-chats': floorAndServer('list-chats', 'List 50 chats (`GET /chat`)'),
  'stream-message': streamMessage,
  'open-stream': openStream,
  'keep-log': keepLog,
  limits: limitsCost,
  'hostile-address': besideHostileAddress,
  'large-lists': besideLargeLists,
  'long-chat': longChat,
  'many-chats': manyChats,
};
