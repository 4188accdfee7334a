import type { Id, ToolStep } from '@parley/contract';
import type { ChatTail, Scope, TurnRecord } from '@parley/db';
import { sizeOfSteps } from '@parley/db/testing';
import type { TurnDocument, View } from './simulated-database.ts';

export function findOne(view: View, team: Scope['team'], id: Id<'turn'>): TurnDocument | undefined {
  const found = view.turns.get(id);
  return found?.record.team === team ? found : undefined;
}

export function findPlace(
  view: View,
  scope: Scope,
  chat: Id<'chat'>,
  sequence: number,
): TurnDocument | undefined {
  return ofChat(view, scope, chat).find(({ record }) => record.sequence === sequence);
}

export function findByIdempotencyKey(view: View, chat: Id<'chat'>, key: string): TurnRecord | undefined {
  for (const { record } of view.turns.values())
    if (record.chat === chat && record.idempotency?.key === key) return record;
  return undefined;
}

export function ofChat(view: View, { team }: Scope, chat: Id<'chat'>): TurnDocument[] {
  const found: TurnDocument[] = [];
  for (const turn of view.turns.values())
    if (turn.record.chat === chat && turn.record.team === team) found.push(turn);
  return found;
}

export function newestFirst(view: View, scope: Scope, chat: Id<'chat'>): TurnRecord[] {
  return ofChat(view, scope, chat)
    .map(({ record }) => record)
    .sort((a, b) => b.sequence - a.sequence);
}

export function queued(turn: TurnDocument | undefined): TurnDocument | undefined {
  return turn?.record.status === 'queued' ? turn : undefined;
}

/** The turn, unless it has newer tool steps than `steps`. */
export function withoutLater(
  turn: TurnDocument | undefined,
  steps: readonly ToolStep[],
): TurnDocument | undefined {
  return sizeOfSteps(turn?.record.steps ?? []) <= sizeOfSteps(steps) ? turn : undefined;
}

export function held(turn: TurnDocument | undefined, token: string): TurnDocument | undefined {
  return turn?.record.status === 'generating' && turn.record.lease?.token === token ? turn : undefined;
}

export function unfinished(turn: TurnDocument | undefined): TurnDocument | undefined {
  return turn && !hasEnded(turn.record) ? turn : undefined;
}

export function hasEnded({ status }: Pick<TurnRecord, 'status'>): boolean {
  return status !== 'queued' && status !== 'generating';
}

/** The tail of a chat from its newest turns, newest first. */
export function tailOf(turns: readonly TurnRecord[]): ChatTail {
  const newestEnded = turns.findIndex(hasEnded);
  const unfinishedTurns = newestEnded === -1 ? turns.length : newestEnded;
  const path = turns[0]?.path;
  return {
    sequence: turns[0]?.sequence ?? 0,
    ...(path && { path }),
    ended: unfinishedTurns === 0,
    textBytes: turns[newestEnded]?.textBytes ?? 0,
    unfinished: unfinishedTurns,
  };
}
