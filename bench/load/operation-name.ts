/** What the load generator can do. */
export type OperationName =
  | 'send-message'
  | 'create-chat'
  | 'list-messages'
  | 'list-chats'
  | 'stream-message'
  | 'hold-stream'
  | 'send-to-chats'
  | 'list-page'
  | 'visit-page';
