export { ParleyProvider, useParley } from './provider.tsx';
export { trpc } from './trpc.ts';
export { type ChatUpdate, type OneChat, useChat } from './use-chat.ts';
export { type Chats, type ChatsFilter, useChats } from './use-chats.ts';
export { type Connection, useConnection } from './use-connection.ts';
export { type CreateChat, useCreateChat } from './use-create-chat.ts';
export { type DeleteChat, useDeleteChat } from './use-delete-chat.ts';
export { type Messages, useMessages } from './use-messages.ts';
export { type SendMessage, useSendMessage } from './use-send-message.ts';
