import {
  type Id,
  type TransferAgent,
  type TransferChat,
  type TransferTurn,
  type TransferUsage,
  toStoredTool,
} from '@parley/contract';
import { trusted } from 'mongoose';
import type { AgentDocument } from '../agent/agent-model.ts';
import type { ChatDocument } from '../chat/chat-model.ts';
import { toRecord as toChatRecord } from '../chat/chat-store.ts';
import { createMarkers, isMarker } from '../chat/deletion-marker.ts';
import { beginningsOf } from '../chat/title-words.ts';
import { isDuplicateKey } from '../connection/database-errors.ts';
import { holdsHeaders, openTools, storeTools } from '../encryption/stored-secrets.ts';
import type { Seal, Vault } from '../encryption/vault.ts';
import type { Models } from '../models.ts';
import { fromErrorFields, toErrorFields } from '../turn/stored-error-code.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import { isEnded } from '../turn/turn-status.ts';
import type { UsageDocument } from '../usage/usage-model.ts';
import type { TransferStore } from './transfer-port.ts';

/** The lease of a turn that ran elsewhere: only its number of runs says something. */
const TOKEN = 'imported';

export function createTransferStore(models: Models, vault: Vault): TransferStore {
  const { agents, chats, turns, usage } = models;
  const markers = createMarkers(models);
  return {
    async listAgents({ team }, limit, after) {
      const found = await agents
        .find({ team, ...(after !== undefined && { _id: trusted({ $gt: after }) }) })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map((agent) => fromAgent(agent, vault.open));
    },

    async listChats({ team, user }, limit, after) {
      const found = await chats
        .find({
          team,
          ...(user !== undefined && { user }),
          ...(after !== undefined && { _id: trusted({ $gt: after }) }),
        })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(fromChat);
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
      return { turns: ended.filter((turn) => !isMarker(turn)).map(fromTurn), isLast, leftOut };
    },

    async listUsage({ team }, limit, after) {
      const found = await usage
        .find({
          team,
          ...(after && {
            day: trusted({ $gte: after.day }),
            $or: [{ day: trusted({ $gt: after.day }) }, { _id: trusted({ $gt: after.id }) }],
          }),
        })
        .sort({ team: 1, day: 1, _id: 1 })
        .limit(limit)
        .lean();
      return found.map(fromUsage);
    },

    async addAgent({ team }, agent) {
      const needsSeal = agent.versions.some(({ tools }) => holdsHeaders(tools?.map(toStoredTool)));
      const seal: Seal = needsSeal ? await vault.sealing() : (_place, text) => text;
      return add(
        () => agents.insertMany([toAgent(team, agent, seal)], { lean: true }),
        () => agents.findOne({ _id: agent.id }, { team: 1 }).lean(),
        team,
      );
    },

    async standOfChat({ team }, id) {
      const found = await chats.findOne({ _id: id }, { team: 1 }).lean();
      return found ? standOf(found, team) : 'absent';
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
          missing.map((turn) => toTurn(own, turn)),
          { lean: true, ordered: false },
        );
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // Someone imports the same at this moment; else its place is another's.
        if ((await known()).size < sent.length) return 'taken';
      }
      return { added: missing.length };
    },

    async addChat({ team }, chat) {
      const added = await add(
        () => chats.insertMany([toChat(team, chat)], { lean: true }),
        () => chats.findOne({ _id: chat.id }, { team: 1 }).lean(),
        team,
      );
      // Also of a chat without turns: nothing is to keep its first message out.
      if (added === 'added') await markers.remove(chat.id);
      return added;
    },

    async addUsage({ team }, row) {
      return add(
        () => usage.insertMany([toUsage(team, row)], { lean: true }),
        () => usage.findOne({ _id: row.id }, { team: 1 }).lean(),
        team,
      );
    },
  };
}

type Stand = 'there' | 'taken';

/** Inserts, unless something has the id: this team's, which stays as it is, or another's. */
async function add(
  insert: () => Promise<unknown>,
  find: () => Promise<{ team?: string } | null>,
  team: string,
): Promise<'added' | Stand> {
  try {
    await insert();
    return 'added';
  } catch (error) {
    const found = isDuplicateKey(error) && (await find());
    if (!found) throw error;
    return standOf(found, team);
  }
}

function standOf(found: { team?: string }, team: string): Stand {
  return found.team === team ? 'there' : 'taken';
}

function fromOn(team: Id<'team'>, chat: Id<'chat'>, turn: Pick<TurnDocument, 'sequence'> | undefined) {
  return { chat, team, sequence: trusted({ $gte: turn?.sequence ?? 1 }) };
}

function fromAgent(document: AgentDocument, open: Vault['open']): TransferAgent {
  const { _id: id, name, type: agentType, description, retentionDays, version, versions } = document;
  const { team, createdAt, updatedAt } = document;
  return {
    ...{ type: 'agent', id, name, agentType },
    ...(description !== undefined && { description }),
    ...(retentionDays !== undefined && { retentionDays }),
    version,
    versions: versions.map(({ tools, createdAt: madeAt, ...settings }) => ({
      ...settings,
      ...(tools !== undefined && { tools: openTools({ team, agent: id }, tools, open) }),
      createdAt: madeAt.toISOString(),
    })),
    createdAt: createdAt.toISOString(),
    ...(updatedAt && { updatedAt: updatedAt.toISOString() }),
  };
}

function toAgent(team: Id<'team'>, agent: TransferAgent, seal: Seal): AgentDocument {
  const { id: _id, name, agentType: type, description, retentionDays, version, versions } = agent;
  const { createdAt, updatedAt } = agent;
  return {
    ...{ _id, team, name, type },
    ...(description !== undefined && { description }),
    ...(retentionDays !== undefined && { retentionDays }),
    version,
    versions: versions.map(
      ({ version: number, systemPrompt, model, temperature, tools, createdAt: madeAt }) => ({
        version: number,
        ...(systemPrompt !== undefined && { systemPrompt }),
        ...(model !== undefined && { model }),
        ...(temperature !== undefined && { temperature }),
        ...(tools && { tools: storeTools({ team, agent: _id }, tools.map(toStoredTool), seal) }),
        createdAt: new Date(madeAt),
      }),
    ),
    createdAt: new Date(createdAt),
    ...(updatedAt !== undefined && { updatedAt: new Date(updatedAt) }),
  };
}

function fromChat(document: ChatDocument): TransferChat {
  const { id, agent: agentId, user, metadata, title, createdAt } = toChatRecord(document);
  return {
    ...{ type: 'chat', id, agentId, agentType: document.agentType ?? '' },
    ...(user !== undefined && { userId: user }),
    ...(metadata !== undefined && { metadata }),
    ...(title !== undefined && { title }),
    createdAt: createdAt.toISOString(),
  };
}

function toChat(team: Id<'team'>, chat: TransferChat): ChatDocument {
  const { id: _id, agentId: agent, agentType, userId: user, metadata, title, createdAt } = chat;
  return {
    ...{ _id, team, agent, agentType },
    ...(user !== undefined && { user }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    ...(title !== undefined && { title, titleBeginnings: beginningsOf(title) }),
    createdAt: new Date(createdAt),
  };
}

function fromTurn(document: TurnDocument): TransferTurn {
  const { _id: id, sequence, status, takeovers, lease, retryOf, written, messages, answerId } = document;
  const { usage, agentVersion, textBytes = 0, createdAt, endedAt = createdAt } = document;
  const errorCode = fromErrorFields(document);
  if (!isEnded(status)) throw new Error(`turn ${id} has not ended`);
  return {
    ...{ type: 'turn', id, sequence, status, takeovers, attempts: lease?.attempt ?? 0 },
    ...(retryOf && { retryOf: { turn: retryOf.turn, userMessageId: retryOf.userMessageId } }),
    ...(written && { written: { ...written } }),
    messages: messages.map((message) => ({
      ...{ id: message.id, role: message.role, content: message.content },
      ...(message.finishReason && { finishReason: message.finishReason }),
      createdAt: message.createdAt.toISOString(),
    })),
    answerId,
    usage: usage.map((used) => ({ ...used })),
    ...(errorCode !== undefined && { errorCode }),
    ...(agentVersion !== undefined && { agentVersion }),
    ...{ textBytes, createdAt: createdAt.toISOString(), endedAt: endedAt.toISOString() },
  };
}

function toTurn(own: { chat: Id<'chat'>; team: Id<'team'> }, turn: TransferTurn): TurnDocument {
  const { id: _id, sequence, status, takeovers, attempts, retryOf, written, messages, answerId } = turn;
  const { usage, errorCode, agentVersion, textBytes, createdAt, endedAt } = turn;
  return {
    ...{ _id, ...own, sequence, status, takeovers },
    ...(attempts > 0 && { lease: { token: TOKEN, attempt: attempts, renewals: 0 } }),
    ...(retryOf && { retryOf }),
    ...(written && {
      written: { attempt: written.attempt, ...(written.text !== undefined && { text: written.text }) },
    }),
    messages: messages.map(({ finishReason, ...message }) => ({
      ...message,
      ...(finishReason && { finishReason }),
      createdAt: new Date(message.createdAt),
    })),
    answerId,
    usage: usage.map(({ inputTokens, outputTokens, isEstimated, ...used }) => ({
      ...used,
      ...(inputTokens !== undefined && { inputTokens }),
      ...(outputTokens !== undefined && { outputTokens }),
      ...(isEstimated !== undefined && { isEstimated }),
    })),
    ...toErrorFields(errorCode),
    ...(agentVersion !== undefined && { agentVersion }),
    ...{ textBytes, createdAt: new Date(createdAt), endedAt: new Date(endedAt) },
  };
}

function fromUsage(document: UsageDocument): TransferUsage {
  const {
    _id: id,
    day,
    agent: agentId,
    user,
    key,
    model,
    turns,
    calls,
    inputTokens,
    outputTokens,
  } = document;
  return {
    ...{ type: 'usage', id, day, agentId },
    ...(user !== undefined && { userId: user }),
    ...(key !== undefined && { keyId: key }),
    ...(model !== undefined && { model }),
    ...{ turns, calls, inputTokens, outputTokens },
  };
}

function toUsage(team: Id<'team'>, row: TransferUsage): UsageDocument {
  const { id: _id, day, agentId: agent, userId, keyId, model, turns, calls, inputTokens, outputTokens } = row;
  return {
    ...{ _id, team, day, agent },
    ...(userId !== undefined && { user: userId }),
    ...(keyId !== undefined && { key: keyId }),
    ...(model !== undefined && { model }),
    ...{ turns, calls, inputTokens, outputTokens },
  };
}
