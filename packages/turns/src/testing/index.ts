export { checkHistory } from './check-history.ts';
export type {
  ChatHistory,
  ChatReaderHistory,
  History,
  ModelCall,
  ReaderConnection,
  ReaderHistory,
  ReportedEnd,
  RequestHistory,
  RequestResult,
  ShownChatEvent,
  ShownEnd,
  ShownEvent,
  ShownPart,
  StoredTurn,
} from './history.ts';
export { type TurnsById, turnsById } from './turns-by-id.ts';
