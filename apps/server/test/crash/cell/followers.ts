import { setTimeout as delay } from 'node:timers/promises';
import { ChatFollower } from '../clients/chat-follower.ts';
import type { CellHistory, ObservedTurn } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Random } from '../random.ts';
import { clientOf } from './writers.ts';

/** The time after which a follower that has not caught up is judged as it is. */
const TOLD_MAX_MS = 10_000;

/** The followers, one for each of these chats. */
export function startFollowers(lab: Lab, chats: readonly string[], random: Random): ChatFollower[] {
  return chats.map((chat, index) => {
    const first = index % lab.sites.length;
    return new ChatFollower(clientOf(lab, random.fork(`follower ${index}`), first), chat);
  });
}

/** Waits until they received the ends of all turns, and returns what they received. */
export async function endFollowers(
  followers: readonly ChatFollower[],
  turns: readonly ObservedTurn[],
): Promise<CellHistory['followers']> {
  const complete = followers.map((follower) => {
    const ofChat = turns.filter(({ chat }) => chat === follower.chat);
    // A follower that was disconnected before its first event has no cursor, and missed the events until it
    // reconnected.
    const first = ofChat.findIndex(({ answerId }) => follower.hasAccepted(answerId));
    return follower.receivedEnds(first === -1 ? [] : ofChat.slice(first).map(({ answerId }) => answerId));
  });
  const patience = new AbortController();
  const late = delay(TOLD_MAX_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([Promise.all(complete), late]);
  patience.abort();
  await Promise.all(followers.map((follower) => follower.stop()));
  return followers.map(({ chat, events }) => ({ name: `the follower of ${chat}`, chat, events }));
}
