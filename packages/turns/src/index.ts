export type { AcceptedTurn } from './accept-turn.ts';
export { type Clock, systemClock } from './clock.ts';
export type { TurnBounds, TurnLog, TurnParts } from './parts.ts';
export type { TurnOutcome } from './turn-outcome.ts';
export { startTurns, type Turns } from './turns.ts';
