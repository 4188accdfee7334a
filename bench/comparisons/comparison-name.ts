/** In the order they are measured: what puts many documents into the server's database comes last. */
export const comparisonNames = [
  'send-message',
  'create-chat',
  'list-messages',
  'list-chats',
  'stream-message',
  'open-stream',
  'keep-log',
  'limits',
  'hostile-address',
  'large-lists',
  'long-chat',
  'many-chats',
] as const;

export type ComparisonName = (typeof comparisonNames)[number];
