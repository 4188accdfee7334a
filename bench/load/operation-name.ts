/** The operations of the load generator. */
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
