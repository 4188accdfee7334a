export type { AcceptedTurn } from './accept-turn.ts';
export type { Allowance, Asker } from './admit-turn.ts';
export { type Clock, systemClock } from './clock.ts';
export { type ChatRemover, removeDeletedChat } from './delete-chat.ts';
export type { ChatReaderEvent, PlacedChatEvent } from './follow-chat.ts';
export type { TurnBounds, TurnLog, TurnParts } from './parts.ts';
export type { PlacedEvent, ReaderEvent } from './reader-events.ts';
export type { EndedOutcome, TurnOutcome } from './turn-outcome.ts';
export { type NewMessage, type ReadAnswer, startTurns, type Turns } from './turns.ts';
