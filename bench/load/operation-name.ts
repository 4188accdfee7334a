export const operationNames = ['send-message', 'create-chat', 'list-messages', 'list-chats'] as const;

export type OperationName = (typeof operationNames)[number];
