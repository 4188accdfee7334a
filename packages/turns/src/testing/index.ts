export { checkHistory } from './check-history.ts';
export type {
  ChatHistory,
  ChatReaderHistory,
  History,
  ModelCall,
  ReaderConnection,
  ReaderHistory,
  RequestHistory,
  RequestResult,
  ShownChatEvent,
  ShownEnd,
  ShownEvent,
  StoredTurn,
  ToldEnd,
} from './history.ts';
export { type TurnsById, turnsById } from './turns-by-id.ts';
