import { compactAs, type Id } from '@parley/contract';
import { trusted } from 'mongoose';
import { chatsWithin } from '../chat/chats-within.ts';
import { filterOf, lessThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import type { Scope } from '../scope.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import { createSearchEntries } from './search-entries.ts';
import type { SearchStore } from './search-port.ts';
import type { FoundMessage } from './search-records.ts';
import { countFound, snippetOf } from './search-snippet.ts';
import { parseSearch, type SearchWord } from './search-words.ts';

/** Turns whose texts are in memory at once. */
const TURNS_PAGE = 10;
/** A beginning finds this many words, the first of the alphabet. */
const COMPLETIONS_MAX = 8;
/** Greater than every letter. */
const LAST_LETTER = '\u{10ffff}';

/** Hints, because the planner prefers to read all entries while there are few. */
const WORDS = { team: 1, words: 1, _id: -1 } as const;
const WORDS_OF_USER = { team: 1, user: 1, words: 1, _id: -1 } as const;

type FoundTurn = Pick<TurnDocument, '_id' | 'messages' | 'removedAt'>;

/** Creates the store of searches. */
export function createSearchStore(models: Models): SearchStore {
  const { chats, turns, searchEntries } = models;
  const { add, removeTurns } = createSearchEntries(models);
  return {
    add,

    remove: removeTurns,

    async find(scope, text, { limit, after }) {
      const searched = parseSearch(text);
      const spellings = await Promise.all(searched.map((word) => spellingsOf(scope, word)));
      // A word that nobody wrote is in no message; and a text of punctuation has no words.
      if (spellings.length === 0 || spellings.some(({ length }) => length === 0)) return { items: [] };
      const entries = await searchEntries
        .find(
          filterOf(chatsWithin(scope), {
            $and: spellings.sort(mostExact).map(hasWord),
            _id: lessThan(after),
          }),
          {
            chat: 1,
          },
        )
        .sort({ _id: -1 })
        .limit(limit + 1)
        .hint(hintOf(scope))
        .lean();
      const page = entries.slice(0, limit);
      const titles = await titlesOf(
        scope,
        page.map(({ chat }) => chat),
      );
      // An entry may lag behind its chat, so the chats decide.
      const reached = page.filter(({ chat }) => titles.has(chat));
      const items: FoundMessage[] = [];
      for (let start = 0; start < reached.length; start += TURNS_PAGE) {
        const some = reached.slice(start, start + TURNS_PAGE);
        const found = await readTurns(some.map(({ _id }) => _id));
        for (const { _id, chat } of some) {
          const best = bestOf(found.get(_id), searched);
          if (best) items.push(compactAs<FoundMessage>({ chat, title: titles.get(chat), ...best }));
        }
      }
      const last = page.at(-1);
      return entries.length > limit && last ? { items, next: last._id } : { items };
    },
  };

  /** The stored words that a searched one finds: itself, or the first words that begin with it, step by step in the index. */
  async function spellingsOf(scope: Scope, { word, isBeginning }: SearchWord): Promise<string[]> {
    if (!isBeginning) return [word];
    const completions: string[] = [];
    const end = word + LAST_LETTER;
    for (let range: object = { $gte: word, $lt: end }; completions.length < COMPLETIONS_MAX; ) {
      const entry = await searchEntries
        .findOne(
          { ...chatsWithin(scope), words: trusted({ $elemMatch: range }) },
          { words: { $elemMatch: range } },
        )
        .hint(hintOf(scope))
        .lean();
      // The words of an entry are in order, so the first one in the range is the next.
      const next = entry?.words[0];
      if (next === undefined) break;
      completions.push(next);
      range = { $gt: next, $lt: end };
    }
    return completions;
  }

  async function titlesOf(
    scope: Scope,
    ids: readonly Id<'chat'>[],
  ): Promise<ReadonlyMap<Id<'chat'>, string | undefined>> {
    if (ids.length === 0) return new Map();
    const filter = { _id: trusted({ $in: [...new Set(ids)] }), ...chatsWithin(scope) };
    const found = await chats.find(filter, { title: 1 }).lean();
    return new Map(found.map(({ _id, title }) => [_id, title]));
  }

  async function readTurns(ids: readonly Id<'turn'>[]): Promise<ReadonlyMap<Id<'turn'>, FoundTurn>> {
    const fields = {
      ...{ 'messages.id': 1, 'messages.content': 1, 'messages.createdAt': 1, removedAt: 1 },
    } as const;
    const found = await turns.find({ _id: trusted({ $in: [...ids] }) }, fields).lean<FoundTurn[]>();
    return new Map(found.map((turn) => [turn._id, turn]));
  }
}

function hintOf({ user }: Scope) {
  return user === undefined ? WORDS : WORDS_OF_USER;
}

/** The index is searched for the first word, so the one that matches the fewest entries comes first: one spelling, and long. */
function mostExact(one: readonly string[], other: readonly string[]): number {
  return one.length - other.length || (other[0]?.length ?? 0) - (one[0]?.length ?? 0);
}

function hasWord(spellings: readonly string[]) {
  const [only] = spellings;
  return { words: spellings.length === 1 && only !== undefined ? only : trusted({ $in: [...spellings] }) };
}

/** The message of a turn with the most searched words; the question if the answer has as many. */
function bestOf(turn: FoundTurn | undefined, searched: readonly SearchWord[]) {
  const ranked = (turn && !turn.removedAt ? turn.messages : [])
    .map((message) => ({ message, found: countFound(message.content, searched) }))
    .filter(({ found }) => found > 0)
    .sort((one, other) => other.found - one.found);
  const best = ranked[0]?.message;
  if (!best) return undefined;
  return { message: best.id, snippet: snippetOf(best.content, searched), createdAt: best.createdAt };
}
