import type { Id, TransferUsage } from '@parley/contract';
import { trusted } from 'mongoose';
import { fromAgentLine, hasSecrets, toAgentLine } from '../agent/agent-transfer.ts';
import { fromChatLine, toChatLine } from '../chat/chat-model.ts';
import { createMarkers, isMarker } from '../chat/deletion-marker.ts';
import { lastUseOf } from '../chat/last-use.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import type { Seal, Vault } from '../encryption/vault.ts';
import { feedbackId, feedbackOf } from '../feedback/feedback-id.ts';
import { fromFeedbackLine, toFeedbackLine } from '../feedback/feedback-transfer.ts';
import { filterOf, greaterThan } from '../mapping/filter-of.ts';
import type { Models } from '../models.ts';
import { createSearchEntries } from '../search/search-entries.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import { isEnded } from '../turn/turn-status.ts';
import { fromTurnLine, toTurnLine } from '../turn/turn-transfer.ts';
import { fromUsageLine, toUsageLine } from '../usage/usage-transfer.ts';
import type { TransferStore } from './transfer-port.ts';

/** Creates the store of exports and imports. The vault opens and seals the headers of tools. */
export function createTransferStore(models: Models, vault: Vault): TransferStore {
  const { agents, chats, turns, feedback, usage } = models;
  const markers = createMarkers(models);
  const search = createSearchEntries(models);
  return {
    async listAgents({ team }, limit, after) {
      const found = await agents
        .find(filterOf({ team }, { _id: greaterThan(after) }))
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map((agent) => toAgentLine(agent, vault.open));
    },

    async listChats({ team, user }, limit, after) {
      const found = await chats
        .find(filterOf({ team }, { user, _id: greaterThan(after) }))
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(toChatLine);
    },

    async listTurns({ team }, chat, limit, after) {
      const found = await turns
        .find({ chat, team, sequence: trusted({ $gt: after }) })
        .sort({ sequence: 1 })
        .limit(limit)
        .lean();
      const open = found.findIndex(({ status }) => !isEnded(status));
      const ended = open === -1 ? found : found.slice(0, open);
      const isLast = open !== -1 || found.length < limit;
      const leftOut = open === -1 ? 0 : await turns.countDocuments(fromOn(team, chat, found[open]));
      return { turns: ended.filter((turn) => !isMarker(turn)).map(toTurnLine), isLast, leftOut };
    },

    async listFeedback({ team }, chat, limit, after) {
      const { $gt, $lt } = feedbackOf(chat);
      const from = after ? feedbackId(chat, after.messageId, after.by) : $gt;
      const found = await feedback
        .find({ _id: trusted({ $gt: from, $lt }), team })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(toFeedbackLine);
    },

    async listUsage({ team }, limit, after) {
      const found = await usage
        .find(filterOf({ team }, after ? behind(after) : {}))
        .sort({ team: 1, day: 1, _id: 1 })
        .limit(limit)
        .lean();
      return found.map(toUsageLine);
    },

    async addAgent({ team }, agent) {
      const seal: Seal = hasSecrets(agent) ? await vault.sealing() : (_place, text) => text;
      return add(
        () => agents.insertMany([fromAgentLine(team, agent, seal)], { lean: true }),
        () => agents.findOne({ _id: agent.id }, { team: 1 }).lean(),
        team,
      );
    },

    async checkChatId({ team }, id) {
      const found = await chats.findOne({ _id: id }, { team: 1 }).lean();
      return found ? existing(found, team) : 'absent';
    },

    async addTurns({ team }, chat, sent) {
      const own = { chat, team };
      const known = async () => {
        const ids = trusted({ $in: sent.map(({ id }) => id) });
        const found = await turns.find({ _id: ids, ...own }, { _id: 1 }).lean();
        return new Set(found.map(({ _id }) => _id));
      };
      const before = await known();
      const missing = sent.filter(({ id }) => !before.has(id));
      if (missing.length === 0) return { added: 0 };
      await markers.remove(chat);
      try {
        await turns.insertMany(
          missing.map((turn) => fromTurnLine(own, turn)),
          { lean: true, ordered: false },
        );
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Either the same import runs at the same time, or another turn has the sequence.
        if ((await known()).size < sent.length) return 'taken';
      }
      return { added: missing.length };
    },

    async addFeedback({ team }, { id: chat, agentId: agent }, lines) {
      const added = lines.map((line) => fromFeedbackLine({ chat, team, agent }, line));
      const ids = trusted({ $in: added.map(({ _id }) => _id) });
      const there = await feedback.find({ _id: ids, team }, { _id: 1 }).lean();
      const known = new Set(there.map(({ _id }) => _id));
      const missing = added.filter(({ _id }) => !known.has(_id));
      if (missing.length > 0) await feedback.insertMany(missing, { lean: true });
      return missing.length;
    },

    async addChat({ team }, chat, marks) {
      const document = fromChatLine(team, chat, marks);
      // Exports of earlier versions do not say when a chat was last used.
      document.updatedAt ??= (await lastUseOf(models, chat.id, new Date(chat.createdAt))).at;
      // Before the chat, so that an import that is cut off here adds both when it is repeated.
      await search.addBeforeChat({ ...document, team });
      const added = await add(
        () => chats.insertMany([document], { lean: true }),
        () => chats.findOne({ _id: chat.id }, { team: 1 }).lean(),
        team,
      );
      // A chat without turns may have a marker too, which would reject its first message.
      if (added === 'added') await markers.remove(chat.id);
      return added;
    },

    async addUsage({ team }, row) {
      return add(
        () => usage.insertMany([fromUsageLine(team, row)], { lean: true }),
        () => usage.findOne({ _id: row.id }, { team: 1 }).lean(),
        team,
      );
    },
  };
}

type Existing = 'there' | 'taken';

/** Inserts, unless the id exists: as this team's object, which stays unchanged, or as another's. */
async function add(
  insert: () => Promise<unknown>,
  find: () => Promise<{ team?: string } | null>,
  team: string,
): Promise<'added' | Existing> {
  try {
    await insert();
    return 'added';
  } catch (error) {
    const found = isDuplicateKey(error) && (await find());
    if (!found) throw error;
    return existing(found, team);
  }
}

function existing(found: { team?: string }, team: string): Existing {
  return found.team === team ? 'there' : 'taken';
}

function fromOn(team: Id<'team'>, chat: Id<'chat'>, turn: Pick<TurnDocument, 'sequence'> | undefined) {
  return { chat, team, sequence: trusted({ $gte: turn?.sequence ?? 1 }) };
}

/** Matches the rows after this one, in the order of days and ids. */
function behind({ day, id }: Pick<TransferUsage, 'id' | 'day'>) {
  return {
    day: trusted({ $gte: day }),
    $or: [{ day: trusted({ $gt: day }) }, { _id: trusted({ $gt: id }) }],
  };
}
