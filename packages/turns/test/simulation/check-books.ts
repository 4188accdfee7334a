import type { ChatRecord, TurnRecord } from '@parley/db';
import { titleFromMessage } from '../../src/accept/chat-title.ts';
import { hasEnded } from './find-turns.ts';
import type { Ledger } from './ledger.ts';
import type { ChatDocument, MarkerDocument, SimulatedDatabase, TurnDocument } from './simulated-database.ts';
import type { World } from './world.ts';

/** Checks that need the whole database: the sums are right, and no data of a deleted chat is left. */
export function checkBooks({ database, chats, plan, beforeRemoval }: World, ledger: Ledger): string[] {
  const { committed } = database;
  const stored = Map.groupBy(committed.turns.values(), ({ record }) => record.chat);
  return [
    ...checkUsage(database),
    ...chats.flatMap((chat) => {
      // A removed message still counts.
      const turns = (stored.get(chat) ?? []).map(({ record }) =>
        record.isRemoved ? { ...record, ...contentOf(beforeRemoval.get(record.id)) } : record,
      );
      const isDeleted = committed.chats.get(chat)?.record === undefined;
      const isLeft = ledger.of(chat).wasConfirmedDeleted && !isDeleted;
      return [
        ...(isLeft ? [`${chat} exists, and a user got the confirmation of its deletion`] : []),
        ...checkMarker(committed.markers.get(chat), chat, isDeleted),
        ...checkSums(turns),
        ...checkUse(committed.chats.get(chat), stored.get(chat) ?? []),
        ...checkTitle(committed.chats.get(chat)?.record, turns, plan.kind !== 'stormy'),
      ];
    }),
  ];
}

/** The usage of a turn is counted once: after its end, or at its removal. An ended turn may not be counted yet. */
function checkUsage({ committed }: SimulatedDatabase): string[] {
  const counted = Map.groupBy(committed.usage.values(), ({ turn }) => turn);
  const twice = [...counted.values()].filter(({ length }) => length > 1);
  const uncounted = [...committed.turns.values()].filter(
    ({ record, isUncounted }) => hasEnded(record) && !isUncounted && !counted.has(record.id),
  );
  return [
    ...twice.map((documents) => `what turn ${documents[0]?.turn} used was counted ${documents.length} times`),
    ...uncounted.map(({ record }) => `turn ${record.id} has ended, and is neither counted nor to be counted`),
  ];
}

/** A chat knows of the end of every turn that is counted, because nothing finds that turn after a crash. */
function checkUse(chat: ChatDocument | undefined, turns: readonly TurnDocument[]): string[] {
  if (!chat?.record) return [];
  const { uses = { accepted: 0, ended: 0 } } = chat;
  const counted = turns.filter(({ record, isUncounted }) => hasEnded(record) && !isUncounted);
  const newest = Math.max(0, ...counted.map(({ record }) => record.sequence));
  if (uses.ended >= newest && uses.accepted >= uses.ended) return [];
  return [`${chat.record.id} knows of the end of turn ${uses.ended}, and turn ${newest} is counted`];
}

/** A deleted chat keeps its marker, and no other chat has one. */
function checkMarker(marker: MarkerDocument | undefined, chat: string, isDeleted: boolean): string[] {
  if (!isDeleted) return marker ? [`${chat} has a marker, and exists`] : [];
  if (!marker) return [`${chat} was deleted, and has no marker`];
  return marker.isPurged ? [] : [`${chat} was deleted, and its marker was not settled`];
}

function contentOf({ userMessage, answer, written }: Partial<TurnRecord> = {}) {
  return { ...(userMessage && { userMessage }), ...(answer && { answer }), ...(written && { written }) };
}

/** The byte counts of a chat's turns are right. */
function checkSums(turns: readonly TurnRecord[]): string[] {
  let sum = 0;
  const offences: string[] = [];
  for (const turn of turns.toSorted((a, b) => a.sequence - b.sequence)) {
    const { sequence, userMessage, answer, written, textBytes } = turn;
    sum += Buffer.byteLength(userMessage?.content ?? '');
    const tape = answer?.tape ?? answer?.content ?? written?.tape ?? written?.text ?? '';
    sum += Buffer.byteLength(tape);
    if (textBytes !== sum) offences.push(`turn ${sequence} counts ${textBytes} bytes, and they are ${sum}`);
  }
  return offences;
}

/** The title is the beginning of the first message. A chat with a message has no title only after a fault. */
function checkTitle(
  chat: ChatRecord | undefined,
  turns: readonly TurnRecord[],
  isWithoutFaults: boolean,
): string[] {
  if (!chat) return [];
  const first = turns.find(({ sequence }) => sequence === 1)?.userMessage;
  const title = first && titleFromMessage(first.content);
  if (chat.title === title || (chat.title === undefined && !isWithoutFaults)) return [];
  return [`${chat.id} has the title ${chat.title}, and its first message gives ${title}`];
}
