import { t } from '../trpc.ts';
import { choosePath } from './choose-path.ts';
import { createChat } from './create-chat.ts';
import { deleteChat } from './delete-chat.ts';
import { exportChat } from './export-chat.ts';
import { followChat } from './follow-chat.ts';
import { followChats } from './follow-chats.ts';
import { getChat } from './get-chat.ts';
import { listChats } from './list-chats.ts';
import { updateChat } from './update-chat.ts';

/** The procedures of chats. */
export const chatRouter = t.router({
  create: createChat,
  list: listChats,
  get: getChat,
  update: updateChat,
  delete: deleteChat,
  follow: followChat,
  export: exportChat,
  followAll: followChats,
  choosePath,
});
